"""`fulcrum replay` puts files together by the asset in their names, and says what is wrong."""

import json
from pathlib import Path

import pytest

from tests.cli.candles import CRASH, MINUTE_MS, START_MS, write_files
from tests.cli.running import INVENTED, fulcrum


def test_a_window_of_candles_is_replayed_and_reported(tmp_path: Path) -> None:
    options = write_files(tmp_path)
    report, data = tmp_path / "report.json", tmp_path / "data"
    window = ("--from", "2024-01-01T07:00", "--to", "2024-01-01T10:00:00")

    result = fulcrum(
        *("replay", *options, *window, "--users", "25"), "--report", report, "--journal", data
    )

    assert result.exit_code == 0
    facts = json.loads(report.read_text())
    assert result.output.splitlines()[-3:] == [
        f"report: {report}",
        "ledger sum: 0",
        f"state hash: {facts['state hash']}",
    ]
    assert facts["run"]["candles"] == 2 * 180
    assert facts["run"]["from"] == "2024-01-01 07:00:00.000 UTC"
    assert facts["run"]["to"] == "2024-01-01 09:59:45.000 UTC"
    assert facts["funding"]["stamps settled"] == 2
    verified = json.loads(fulcrum("verify", data, "--json").output)
    assert verified["state hash"] == facts["state hash"]


def test_marks_and_stride_are_used(tmp_path: Path) -> None:
    candles = write_files(tmp_path)[:2]
    last = START_MS + (CRASH.stop - 1) * MINUTE_MS
    path = Path(candles[1])
    marks = tmp_path / "BTC_marks.csv"
    rows = [line.rsplit(",", 1)[0] for line in path.read_text().splitlines()]
    marks.write_text("\n".join(row for row in rows if not row.startswith(str(last))) + "\n")

    whole = fulcrum("replay", *candles, "--users", "3", "--stride", "0")
    short = fulcrum("replay", *candles, "--users", "3", "--stride", "1")
    missing = fulcrum("replay", *candles, "--users", "3", "--marks", marks)

    updates = [
        int(line.split()[-1].replace(",", ""))
        for result in (whole, short)
        for line in result.output.splitlines()
        if line.startswith(" price updates")
    ]
    assert updates[0] == 4 * 400
    assert updates[1] > 2 * updates[0]
    assert missing.exit_code == 78
    assert missing.output.splitlines()[-1] == f"Error: BTC: no mark price is recorded at {last}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "give either --prices or --candles"),
        (("--prices", "a.csv", "--candles", "b.csv"), "give either --prices or --candles"),
        (
            ("--prices", "a.csv", "--to", "2024-01-01"),
            "--marks, --funding, --from, --to and --report are for --candles",
        ),
        (("--candles", "BTC.csv", "--candles", "a/btc.csv"), "two files are for BTC"),
    ],
)
def test_options_that_do_not_belong_together(options: tuple[str, ...], words: str) -> None:
    result = fulcrum("replay", *options)

    assert result.exit_code == 2
    assert words in result.output


def test_funding_without_candles_and_an_empty_window_are_refused(tmp_path: Path) -> None:
    options = write_files(tmp_path)

    stray = fulcrum("replay", *options[:2], *options[6:])
    empty = fulcrum("replay", *options, "--from", "2025-01-01")
    word = fulcrum("replay", *options, "--from", "soon")

    assert stray.exit_code == word.exit_code == 2
    assert f"no candles are given for {options[7]}" in stray.output
    assert empty.exit_code == 78
    assert "fewer than two candles begin in the window" in empty.output


def test_prices_are_replayed_as_ever() -> None:
    result = fulcrum("replay", "--prices", INVENTED, "--users", "5")

    assert result.exit_code == 0
    assert result.output.splitlines()[-2] == "ledger sum: 0"
