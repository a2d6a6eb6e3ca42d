"""Both layouts are read exactly, and what is wrong is named by file and line."""

import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from gateway.feeds.price_file import PriceFile, PriceFileDamaged, PriceRow, rows
from gateway.feeds.quote import Prices, same_price

TRADES = "ts_ms,price,qty,side\n"
BEST = "ts_ms,bid_price,bid_qty,ask_price,ask_qty\n"

# Rows and first and last price, by the files' own README and by `zcat`.
RECORDED = {
    "binance_usdm_BTCUSDT_trades_20241028": (99_294, 6_861_390_000_000, 6_890_720_000_000),
    "binance_usdm_BTCUSDT_trades_20240808": (21_313, 6_180_030_000_000, 6_165_980_000_000),
    "binance_usdm_ETHUSDT_trades_20240808": (14_076, 268_162_000_000, 268_138_000_000),
    "binance_usdm_BTCUSDT_trades_20230404": (12_934, 2_814_510_000_000, 2_814_010_000_000),
    "binance_spot_BTCUSDT_trades_20240808": (19_904, 6_183_763_000_000, 6_160_202_000_000),
    "binance_spot_ETHUSDT_trades_20240808": (14_515, 268_380_000_000, 267_761_000_000),
    "binance_usdm_BTCUSDT_bbo_20260101": (172_686, 8_760_825_000_000, 8_995_145_000_000),
}


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_trade_gives_one_price_and_all_five_are_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", TRADES + "5,68613.9,0.005,sell\n5,68614.0,1.117,buy\n")

    assert list(rows(path)) == [
        PriceRow(1, 5, same_price(6_861_390_000_000)),
        PriceRow(2, 5, same_price(6_861_400_000_000)),
    ]


def test_a_best_bid_and_offer_gives_the_exact_middle_as_the_other_three(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", BEST + "7,87608.2,4.2,87608.3,5.7\n")

    assert list(rows(path)) == [
        PriceRow(1, 7, Prices(8_760_820_000_000, 8_760_830_000_000, *[8_760_825_000_000] * 3))
    ]


def test_a_middle_between_two_units_goes_down(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", BEST + "7,0.00000001,1,0.00000004,1\n")

    assert list(rows(path)) == [PriceRow(1, 7, Prices(1, 4, 2, 2, 2))]


def test_plain_and_compressed_files_with_either_line_end_read_alike(tmp_path: Path) -> None:
    text = TRADES + "5,1,1,sell\n6,2,1,buy\n"
    plain = written(tmp_path / "a.csv", text)
    windows = tmp_path / "b.csv"
    windows.write_bytes(text.replace("\n", "\r\n").encode())
    compressed = tmp_path / "c.csv.gz"
    compressed.write_bytes(gzip.compress(text.rstrip().encode()))

    assert list(rows(plain)) == list(rows(windows)) == list(rows(compressed)) != []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("6,1", "2 fields, not 4"),
        ("", "1 fields, not 4"),
        ("6,1,1,sell,", "5 fields, not 4"),
        ("x,1,1,sell", "ts_ms is not a time in ms: 'x'"),
        ("-6,1,1,sell", "ts_ms is not a time in ms: '-6'"),
        ("9999999999999999,1,1,sell", "ts_ms is not a time in ms: '9999999999999999'"),
        ("6,1,1,short", "side must be buy or sell, not 'short'"),
        ("6,0,1,sell", "'0' is no price: it must be above zero"),
        ("6,é,1,sell", "'\ufffd\ufffd' is not a decimal number of the digits 0 to 9 and one point"),
        ("6,1.123456789,1,sell", "'1.123456789' has 9 decimals; at most 8 can be kept exactly"),
        ("6," + "1" * 5_000 + ",1,sell", "longer than 1000 characters"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path / "bad.csv", f"{TRADES}5,1,1,sell\n{row}\n7,1,1,sell\n")
    read = rows(path)

    assert next(read) == PriceRow(1, 5, same_price(100_000_000))
    with pytest.raises(PriceFileDamaged) as damage:
        next(read)
    assert str(damage.value) == f"{path}, line 3: {reason}"


def test_a_bid_above_the_ask_is_a_bad_row(tmp_path: Path) -> None:
    path = written(tmp_path / "bad.csv", BEST + "7,2.5,1,2.4,1\n")

    with pytest.raises(PriceFileDamaged, match=r"bad\.csv, line 2: bid 2\.5 is above ask 2\.4$"):
        list(rows(path))


@pytest.mark.parametrize("text", ["", "\n", "ts_ms,open,high,low,close,volume\n", "5,1,1,sell\n"])
def test_an_unknown_header_is_refused_before_any_row(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "other.csv", text)

    with pytest.raises(PriceFileDamaged, match=r"line 1: header is .*; expected ts_ms,price"):
        PriceFile(path)


def test_a_missing_file_and_one_that_is_not_compressed_say_so(tmp_path: Path) -> None:
    not_compressed = written(tmp_path / "a.csv.gz", TRADES)

    with pytest.raises(PriceFileDamaged, match=r"none\.csv, line 1: cannot be read: .*No such"):
        PriceFile(tmp_path / "none.csv")
    with pytest.raises(PriceFileDamaged, match=r"line 1: cannot be read: Not a gzipped file"):
        PriceFile(not_compressed)


def test_a_compressed_file_cut_short_gives_its_whole_rows_and_then_the_damage(
    tmp_path: Path,
) -> None:
    whole = "".join(f"{ts_ms},{ts_ms * ts_ms % 9_973 + 1},1,buy\n" for ts_ms in range(5_000))
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress((TRADES + whole).encode())[:-2_000])
    read: list[PriceRow] = []

    with pytest.raises(PriceFileDamaged, match="cannot be read: Compressed file ended") as damage:
        read.extend(rows(path))

    assert damage.value.line == len(read) + 2
    assert [row.ts_ms for row in read] == list(range(len(read)))


def test_a_file_is_read_as_a_stream(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", TRADES + "5,1,1,sell\n" * 100_000 + "broken\n")

    assert len(list(islice(rows(path), 100_000))) == 100_000


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_row_is_read(
    shared: Path, count: Callable[[str, int], None], name: str
) -> None:
    read = list(rows(shared / "data" / "ticks" / f"{name}.csv.gz"))
    count("recorded price rows read", len(read))

    assert (len(read), read[0].prices.last_e8, read[-1].prices.last_e8) == RECORDED[name]
    assert [row.row for row in read] == list(range(1, len(read) + 1))
    assert all(row.prices.bid_e8 <= row.prices.last_e8 <= row.prices.ask_e8 for row in read)
