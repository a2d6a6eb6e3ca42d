"""The journal as JSON lines with the names of commands and fields.  Knows rows; decides nothing."""

import json
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TextIO

from engine.codec import INSTRUMENT_FIELDS, command_fields, command_from_row, instrument_row
from engine.commands import BatchedCommand, Command
from engine.instrument import InstrumentSpec
from wal.errors import LogDamaged
from wal.files import Files
from wal.reader import Batch, LogReader, Progress, no_progress
from wal.recovery import recover

_COMPACT: Final = (",", ":")


def dump_commands(
    files: Files,
    directory: Path,
    out: TextIO,
    from_sequence: int,
    to_sequence: int | None,
    progress: Progress = no_progress,
) -> int:
    """Write a line per record: sequence, place, time, command and its fields; returns how many.

    Integers are those of the journal: ticks, lots, atoms, nanoseconds.  Takes no lock, so a venue
    may be running.  Raises LogMissing, LogDamaged, LogFailed.
    """
    log = recover(files, directory)
    lines = 0
    for batch in LogReader(files, log, progress).frames(max(from_sequence, log.first_sequence)):
        for sequence, row in enumerate(batch.rows, batch.first_sequence):
            if sequence < from_sequence:
                continue
            if to_sequence is not None and sequence > to_sequence:
                return lines
            out.write(_line(batch, sequence, row) + "\n")
            lines += 1
    return lines


def _line(batch: Batch, sequence: int, row: tuple[Any, ...]) -> str:
    try:
        time_ns, command = command_from_row(row)
    except ValueError as error:
        path = batch.segment.path
        raise LogDamaged(path, batch.offset, str(error), sequence - 1) from error
    fields = _named(command)
    place = {"sequence": sequence, "segment": batch.segment.path.name, "offset": batch.offset}
    return json.dumps({**place, "time_ns": time_ns, **fields}, separators=_COMPACT)


def _plain(value: object) -> object:
    """What JSON can hold: enums by name, bytes as hex, instruments and items by their fields."""
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, InstrumentSpec):
        row = instrument_row(value)
        return {name: _plain(item) for name, item in zip(INSTRUMENT_FIELDS, row, strict=True)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, BatchedCommand):
        return _named(value)
    return value


def _named(command: Command) -> dict[str, object]:
    return {name: _plain(value) for name, value in command_fields(command).items()}
