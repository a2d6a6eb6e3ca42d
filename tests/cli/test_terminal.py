"""What can go wrong ends in words and in one exit code each; bars are for terminals alone."""

import io
import json
import sys
from pathlib import Path

import pytest

from gateway.config import BadConfig, Mistake
from gateway.feeds.feed import FeedFault
from gateway.offline.terminal import bar, explained, refuse
from snapshots.snapshot import SnapshotDamaged
from wal.errors import DataDirectoryLocked, LogDamaged, LogExists, LogFailed, LogMissing

DATA = Path("data")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (LogMissing(DATA), 65, "no journal in data; to make an empty venue: fulcrum init data"),
        (SnapshotDamaged("the digest does not match"), 65, "the digest does not match"),
        (LogExists(DATA), 73, "there is a journal in data already"),
        (DataDirectoryLocked(DATA, 42), 73, "data is in use by process 42"),
        (
            LogFailed("sync", DATA, OSError(5, "broken")),
            74,
            "sync failed on data: [Errno 5] broken",
        ),
        (BadConfig([Mistake("a.b", "is 1"), Mistake("", "x")]), 78, "a.b: is 1\nx"),
        (FeedFault("no such feed"), 78, "no such feed"),
        (AssertionError("sum"), 70, "an invariant does not hold: sum"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_has_words_and_a_code(
    error: Exception, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, explained():
        raise error

    assert ended.value.code == code
    assert capsys.readouterr().err.endswith(f"Error: {words}\n")


def test_damage_is_a_line_of_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, explained():
        raise LogDamaged(DATA, 4_096, "the CRC of a batch is wrong", 17)

    line, words = capsys.readouterr().err.splitlines()
    assert ended.value.code == 65
    assert json.loads(line) == {
        "error": "damaged",
        "file": "data",
        "offset": 4_096,
        "reason": "the CRC of a batch is wrong",
        "lastGoodSequence": 17,
    }
    damage = "the CRC of a batch is wrong (last good sequence 17)"
    assert words == f"Error: data: damaged at offset 4096: {damage}"


def test_another_error_is_not_explained_away() -> None:
    with pytest.raises(ValueError, match="unheard of"), explained():
        raise ValueError("unheard of")


def test_to_refuse_is_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        refuse("no", 65)

    assert (ended.value.code, capsys.readouterr().err) == (65, "Error: no\n")


def test_there_is_no_bar_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    with bar("replaying") as progress:
        progress(1, 2)

    assert stream.getvalue() == ""


def test_there_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")

    with bar("replaying") as progress:
        progress(1, 2)

    assert "replaying" in stream.getvalue()
