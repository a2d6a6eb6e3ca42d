"""Prints a log as JSON lines, for eyes and scripts.  Knows nothing of what the rows mean."""

import json
from pathlib import Path
from typing import TextIO

from wal.files import Files
from wal.reader import LogReader, Progress, no_progress
from wal.recovery import recover


def dump(
    files: Files,
    directory: Path,
    out: TextIO,
    from_sequence: int = 1,
    to_sequence: int | None = None,
    progress: Progress = no_progress,
) -> int:
    """Writes a line `{"sequence", "segment", "offset", "row"}` per record; how many there were.

    `segment` is a file name, `offset` where its batch begins there; bytes come as hex.  Raises what
    `recover` and `LogReader` raise; takes no lock and modifies nothing, so a venue may be running.
    """
    lines = 0
    reader = LogReader(files, recover(files, directory), progress)
    for batch in reader.frames(from_sequence):
        for sequence, row in enumerate(batch.rows, batch.first_sequence):
            if sequence < from_sequence:
                continue
            if to_sequence is not None and sequence > to_sequence:
                return lines
            place = {"sequence": sequence, "segment": batch.segment.path.name}
            line = json.dumps({**place, "offset": batch.offset, "row": row}, default=_as_hex)
            out.write(line + "\n")
            lines += 1
    return lines


def _as_hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a record holds a {type(value).__name__}")
