"""Names in shards: a dict to whoever looks, whatever the names look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.name_table import SHARDS, NameTable, shard_of

NAMES = st.text(min_size=1, max_size=5) | st.from_regex(r"\A[a-z]\d{1,4}\Z")


@given(st.dictionaries(NAMES, st.integers(min_value=1), max_size=60))
def test_it_is_a_dict_with_sorted_names(entries: dict[str, int]) -> None:
    table: NameTable[str, int] = NameTable()
    for name, value in entries.items():
        assert name not in table
        table.add(name, value)

    assert table.names() == sorted(entries)
    assert dict(table.items()) == entries
    assert table.count == len(entries)
    assert all(name in table and table[name] == table.get(name) for name in entries)


def test_an_empty_or_unknown_name_is_not_there() -> None:
    table: NameTable[bytes, int] = NameTable()
    table.add(b"one", 1)

    assert table.get(b"") is None
    assert table.get(b"two") is None
    assert b"two" not in table


def test_a_name_is_entered_once() -> None:
    table: NameTable[str, int] = NameTable()
    table.add("one", 1)

    with pytest.raises(AssertionError):
        table.add("one", 2)


@pytest.mark.parametrize("pattern", ["u{}", "deposit-{}", "{:08}"])
def test_counted_names_spread_over_the_shards(pattern: str) -> None:
    filled = [0] * SHARDS
    for number in range(100_000):
        filled[shard_of(pattern.format(number))] += 1

    assert max(filled) <= 1_000
