"""What the operator reads when a log cannot be used."""

import errno
from pathlib import Path

import pytest

from wal.errors import (
    DataDirectoryLocked,
    LogDamaged,
    LogError,
    LogExists,
    LogFailed,
    LogMissing,
    refused_by_disk,
)

DATA = Path("/srv/data")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LogMissing(DATA), "no journal in /srv/data"),
        (LogExists(DATA), "there is a journal in /srv/data already"),
        (
            LogDamaged(DATA / "wal", 42, "the CRC of a batch is wrong", 7),
            "/srv/data/wal: damaged at offset 42: the CRC of a batch is wrong"
            " (last good sequence 7)",
        ),
        (
            LogFailed("commit", DATA, OSError(errno.EIO, "Input/output error")),
            "commit failed on /srv/data: [Errno 5] Input/output error",
        ),
        (DataDirectoryLocked(DATA, 99), "/srv/data is in use by process 99"),
        (DataDirectoryLocked(DATA, None), "/srv/data is in use by another process"),
    ],
)
def test_an_error_names_the_place_and_the_trouble(error: LogError, text: str) -> None:
    assert str(error) == text


def test_a_refusal_of_the_disk_becomes_a_failure_of_the_log() -> None:
    with (
        pytest.raises(LogFailed, match="reading failed on /srv/data") as failure,
        refused_by_disk("reading", DATA),
    ):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert failure.value.errno == errno.EACCES


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(LogMissing), refused_by_disk("reading", DATA):
        raise LogMissing(DATA)
