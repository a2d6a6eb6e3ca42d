"""A table by id behaves as a dict in order of id, and gives its chunks back."""

from hypothesis import given
from hypothesis import strategies as st

from engine.id_table import CHUNK_IDS, IdTable

IDS = st.integers(0, 5 * CHUNK_IDS)


@given(st.lists(IDS, unique=True), st.data())
def test_it_is_a_dict_in_order_of_id(ids: list[int], data: st.DataObject) -> None:
    table: IdTable[str] = IdTable()
    model: dict[int, str] = {}
    for object_id in ids:
        table.put(object_id, f"#{object_id}")
        model[object_id] = f"#{object_id}"
    for object_id in data.draw(st.lists(st.sampled_from(ids), unique=True) if ids else st.just([])):
        table.remove(object_id)
        del model[object_id]

    assert list(table.values()) == [model[object_id] for object_id in sorted(model)]
    assert table.count == len(model)
    assert [table.get(i) for i in range(5 * CHUNK_IDS)] == [
        model.get(i) for i in range(5 * CHUNK_IDS)
    ]


def test_ids_that_were_never_there_are_absent() -> None:
    table: IdTable[str] = IdTable()
    table.put(3, "three")

    assert [table.get(i) for i in (-1, -(10**30), 2, 4, CHUNK_IDS, 10**30)] == [None] * 6


def test_a_chunk_whose_ids_are_gone_can_be_used_again() -> None:
    table: IdTable[int] = IdTable()
    for object_id in range(3 * CHUNK_IDS):
        table.put(object_id, object_id)
    for object_id in range(2 * CHUNK_IDS):
        table.remove(object_id)
    table.put(5, 5)

    assert list(table.values()) == [5, *range(2 * CHUNK_IDS, 3 * CHUNK_IDS)]
