"""`fulcrum replay` puts files together by the asset in their names, and says what is wrong."""

import json
from pathlib import Path

import pytest

from gateway.replay import command
from tests.cli.candles import CRASH, FIRST_STAMP_MS, MINUTE_MS, START_MS, write_files
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
        *(
            (
                ("--prices", str(INVENTED), "--users", "1", option, value),
                "--market, --insurance, --depth and --stride are for --candles",
            )
            for option, value in (
                ("--market", "quote-driven"),  # the default, and yet it is asked for
                ("--insurance", "5"),
                ("--depth", "5"),
                ("--stride", "5"),
            )
        ),
        (("--candles", "BTC.csv", "--base", "ETH"), "--base is for --prices"),
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


def test_marks_and_rates_that_are_not_of_the_window_are_refused(tmp_path: Path) -> None:
    """A file without a row in the window was once taken as no file: the run went on without."""
    candles, funding = write_files(tmp_path)[:2], tmp_path / "BTC_funding.csv"
    funding.write_text("ts_ms,rate\n1672531200000,0.0001\n")
    marks = tmp_path / "BTC_marks.csv"
    marks.write_text("ts_ms,open,high,low,close\n1672531200000,1,1,1,1\n")
    run = ("replay", *candles, "--from", "2024-01-01", "--users", "2")

    unmarked = fulcrum(*run, "--marks", marks)
    unrated = fulcrum(*run, "--funding", funding)
    no_stamp = fulcrum(*run, "--funding", funding, "--to", "2024-01-01T04:30")

    assert unmarked.exit_code == unrated.exit_code == 78
    assert unmarked.output == f"Error: BTC: no mark price is recorded at {START_MS}\n"
    assert unrated.output == f"Error: BTC: no funding rate is recorded at {FIRST_STAMP_MS}\n"
    assert no_stamp.exit_code == 0  # none falls due, so none is missing


def test_a_pause_after_the_first_candle_does_not_make_candles_longer(tmp_path: Path) -> None:
    """The first two candles alone once told how long all of them last."""
    candles, report = write_files(tmp_path)[:2], tmp_path / "report.json"
    path = Path(candles[1])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], *lines[4:62]]) + "\n")

    result = fulcrum(*("replay", *candles, "--users", "2", "--stride", "0"), "--report", report)

    assert result.exit_code == 0
    assert json.loads(report.read_text())["run"]["to"] == "2024-01-01 05:00:45.000 UTC"


def test_candles_that_overlap_or_rates_out_of_range_leave_no_journal_behind(
    tmp_path: Path,
) -> None:
    """A run that was refused once left a journal, over which the corrected run was refused too."""
    options, data = write_files(tmp_path)[:4], tmp_path / "data"
    path = Path(options[1])
    text = path.read_text()
    shifted = START_MS + 7 * MINUTE_MS + 15_000
    path.write_text(text.replace(str(START_MS + 7 * MINUTE_MS), str(shifted)))
    run = ("replay", *options, "--users", "2", "--journal", str(data))

    uneven = fulcrum(*run)
    path.write_text(text)
    funding = Path(options[3])
    rates = funding.read_text()
    funding.write_text("ts_ms,rate\n")
    missing = fulcrum(*run)
    funding.write_text(f"ts_ms,rate\n{FIRST_STAMP_MS},1.5\n")
    large = fulcrum(*run)
    funding.write_text(rates)
    corrected = fulcrum(*run)

    assert [uneven.exit_code, missing.exit_code, large.exit_code] == [78, 78, 78]
    assert str(shifted) in uneven.output
    assert missing.output == f"Error: BTC: no funding rate is recorded at {FIRST_STAMP_MS}\n"
    assert large.output == f"Error: {funding}, line 2: a funding rate is below 1, not 1.5\n"
    assert corrected.exit_code == 0


def test_a_time_too_large_to_keep_is_refused(tmp_path: Path) -> None:
    """Of microseconds by mistake, as a rule; 15 digits passed and ended in a traceback."""
    candles, prices = tmp_path / "BTC.csv", tmp_path / "BTC_trades.csv"
    candles.write_text(
        "ts_ms,open,high,low,close\n170406720000000,1,1,1,1\n170406720060000,1,1,1,1\n"
    )
    prices.write_text("ts_ms,price,qty,side\n1704067200000,1,1,buy\n170406720000000,1,1,buy\n")

    for option, path, line in (("--candles", candles, 2), ("--prices", prices, 3)):
        result = fulcrum("replay", option, path, "--users", "2")

        assert result.exit_code == 78
        words = "ts_ms is not a time in ms before the year 2255: 170406720000000"
        assert result.output == f"Error: {path}, line {line}: {words}\n"


@pytest.mark.parametrize("option", ["--report", "--plot"])
def test_what_cannot_be_written_is_refused_before_the_run(tmp_path: Path, option: str) -> None:
    """It once ended the run with a traceback, after all the work."""
    options = write_files(tmp_path, count=3)[:2]

    absent = fulcrum("replay", *options, option, tmp_path / "absent" / "x")
    folder = fulcrum("replay", *options, option, tmp_path)
    long = fulcrum("replay", *options, option, tmp_path / ("x" * 300))

    for result, fault in (
        (absent, f"there is no directory {tmp_path / 'absent'}"),
        (folder, "it is a directory"),
        (long, "File name too long"),
    ):
        assert result.exit_code == 2
        assert result.output.splitlines()[-1].endswith(f" cannot be written: {fault}")
        assert result.output.splitlines()[-1].startswith(f"Error: {option} ")


def test_a_report_may_lie_beside_the_journal_that_the_run_makes(tmp_path: Path) -> None:
    report, data = tmp_path / "out" / "report.json", tmp_path / "out" / "data"
    options = write_files(tmp_path, count=3)[:2]

    result = fulcrum("replay", *options, "--users", "1", "--report", report, "--journal", data)

    assert result.exit_code == 0
    assert "state hash" in json.loads(report.read_text())


def test_a_disk_that_refuses_the_report_after_the_run_has_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "write_candle_report", full)
    report = tmp_path / "report.json"
    options = write_files(tmp_path, count=3)[:2]

    result = fulcrum("replay", *options, "--users", "1", "--report", report)

    assert result.exit_code == 74
    words = f"Error: {report} cannot be written: No space left on device"
    assert result.output.splitlines()[-1] == words
