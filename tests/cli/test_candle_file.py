"""Candle and funding files are read exactly, within a window, and refused where they are wrong."""

from pathlib import Path

import pytest

from engine.units import E8
from gateway.feeds.price_file import PriceFileDamaged
from gateway.replay.candle_file import Candle, Window, read_candles, read_funding_rates

EVER = Window(0, 10**15)
HOUR_MS = 3_600_000
HEADER = "ts_ms,open,high,low,close,volume"


def written(path: Path, *lines: str) -> Path:
    file = path / "candles.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_candles_of_the_window_come_with_exact_prices(tmp_path: Path) -> None:
    rows = [f"{n * 60_000},10.5,12,9.00000001,{n}.25,7.125" for n in (9, 10, 11, 12)]

    candles = read_candles(written(tmp_path, HEADER, *rows), Window(600_000, 720_000))

    low_e8 = 9 * E8 + 1
    assert candles == [
        Candle(600_000, 1_050_000_000, 12 * E8, low_e8, 1_025_000_000),
        Candle(660_000, 1_050_000_000, 12 * E8, low_e8, 1_125_000_000),
    ]


def test_candles_of_a_mark_have_no_volume(tmp_path: Path) -> None:
    path = written(tmp_path, "ts_ms,open,high,low,close", "0,1,4,1,3")

    assert read_candles(path, EVER) == [Candle(0, E8, 4 * E8, E8, 3 * E8)]


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        (["0,1,2,1,1,0", "0,1,2,1,1,0"], 3, "the times do not rise"),
        (["0,1,2,1.5,1,0"], 2, "open and close do not lie between low and high"),
        (["0,1,2,1,2.5,0"], 2, "open and close do not lie between low and high"),
        (["0,1,2,0,1,0"], 2, "'0' is no price: it must be above zero"),
        (["0,1,2,1,1"], 2, "5 fields, not 6"),
        (["x,1,2,1,1,0"], 2, "ts_ms is not a time in ms: 'x'"),
    ],
)
def test_a_wrong_candle_is_named_by_its_line(
    tmp_path: Path, rows: list[str], line: int, reason: str
) -> None:
    path = written(tmp_path, HEADER, *rows)

    with pytest.raises(PriceFileDamaged) as damaged:
        read_candles(path, EVER)

    assert (damaged.value.line, damaged.value.reason) == (line, reason)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "ts_ms,price,qty,side", "0,1,1,buy")

    with pytest.raises(PriceFileDamaged, match=r"line 1: header is 'ts_ms,price,qty,side'"):
        read_candles(path, EVER)


def test_funding_rates_keep_sign_digits_and_stamp(tmp_path: Path) -> None:
    stamp_ms = 8 * HOUR_MS
    rows = [f"{stamp_ms},0.0001", f"{2 * stamp_ms + 7},-0.00015149", f"{3 * stamp_ms},0"]
    path = written(tmp_path, "ts_ms,rate", *rows)

    rates = read_funding_rates(path, EVER, stamp_ms)

    assert rates == {stamp_ms: 10_000, 2 * stamp_ms: -15_149, 3 * stamp_ms: 0}


def test_a_rate_off_its_stamp_or_finer_than_can_be_kept_is_refused(tmp_path: Path) -> None:
    late = written(tmp_path, "ts_ms,rate", f"{9 * HOUR_MS},0.0001")
    with pytest.raises(PriceFileDamaged, match="no funding stamp is at 32400000"):
        read_funding_rates(late, EVER, 8 * HOUR_MS)

    fine = written(tmp_path, "ts_ms,rate", f"{8 * HOUR_MS},0.000000001")
    with pytest.raises(PriceFileDamaged, match="at most 8 can be kept exactly"):
        read_funding_rates(fine, EVER, 8 * HOUR_MS)


@pytest.mark.parametrize("rate", ["1", "-1.5"])
def test_a_rate_of_all_that_a_position_is_worth_is_refused(tmp_path: Path, rate: str) -> None:
    """The engine refuses it too, which nobody saw: the stamp settled at the rate before."""
    rows = [f"{8 * HOUR_MS},-0.99999999", f"{16 * HOUR_MS},{rate}"]
    path = written(tmp_path, "ts_ms,rate", *rows)

    with pytest.raises(PriceFileDamaged, match=f"line 3: a funding rate is below 1, not {rate}$"):
        read_funding_rates(path, EVER, 8 * HOUR_MS)
    assert read_funding_rates(path, Window(0, 16 * HOUR_MS), 8 * HOUR_MS) == {8 * HOUR_MS: 1 - E8}


def test_the_last_time_that_can_be_kept_is_read_and_one_more_is_refused(tmp_path: Path) -> None:
    rows = [f"{9 * 10**12 + more},1,1,1,1,0" for more in (0, 1)]
    path = written(tmp_path, HEADER, *rows)

    with pytest.raises(PriceFileDamaged, match="line 3: ts_ms is not a time in ms before the year"):
        read_candles(path, EVER)
    assert len(read_candles(path, Window(0, 9 * 10**12 + 1))) == 1
