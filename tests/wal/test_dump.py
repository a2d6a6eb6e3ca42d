"""The log as JSON lines."""

import io
import json

from tests.wal.journals import VENUE, journal, start, write
from wal.dump import dump
from wal.record import HEADER_BYTES
from wal.segment import SEGMENT_HEADER_BYTES


def test_each_record_is_a_line_with_its_place_and_bytes_as_hex() -> None:
    files = journal([1])
    write(start(files), [1, 2])
    out = io.StringIO()

    assert dump(files, VENUE, out) == 4

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    first, second = "00000000000000000002.wal", "00000000000000000003.wal"
    behind = (
        SEGMENT_HEADER_BYTES + HEADER_BYTES + 1 + len(b"\x95\x01\x02\xa5alice\xfe\xc4\x02\0\xff")
    )
    assert lines == [
        {"sequence": 1, "segment": first, "offset": 4096, "row": [1, 1, "alice", -1, "00ff"]},
        {"sequence": 2, "segment": second, "offset": 4096, "row": [1, 2, "alice", -2, "00ff"]},
        {"sequence": 3, "segment": second, "offset": behind, "row": [1, 3, "alice", -3, "00ff"]},
        {"sequence": 4, "segment": second, "offset": behind, "row": [1, 4, "alice", -4, "00ff"]},
    ]


def test_a_part_can_be_asked_for() -> None:
    files = journal([5, 5, 5])
    out = io.StringIO()

    assert dump(files, VENUE, out, from_sequence=4, to_sequence=12) == 9

    assert [json.loads(line)["sequence"] for line in out.getvalue().splitlines()] == [*range(4, 13)]


def test_a_dump_beside_a_running_venue_takes_no_lock_and_changes_nothing() -> None:
    files = journal([5])
    writer = start(files)
    write(writer, [5])
    kinds: set[str] = set()
    files.hook = lambda operation: kinds.add(operation.name)

    assert dump(files, VENUE, io.StringIO()) == 10

    files.hook = None
    assert kinds == {"stat", "listdir", "open", "read", "fdatasync", "drop_cache"}
    write(writer, [1])
    assert writer.durable_sequence == 11
