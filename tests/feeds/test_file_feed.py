"""A recorded file plays at its pace, goes on where it stopped, and ends or loops."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.feeds.feed import ResumePoint
from gateway.feeds.file_feed import FileFeed
from gateway.feeds.pace import GIVE_WAY_EVERY
from gateway.feeds.price_file import PriceFile, PriceFileDamaged
from gateway.feeds.quote import Quote
from tests.feeds.playing import StillClock, play

E8 = 100_000_000
TIMES_MS = (1_000, 1_250, 1_250, 5_000)


def recorded(folder: Path, times_ms: tuple[int, ...] = TIMES_MS) -> PriceFile:
    """A file whose n-th trade has the price n."""
    path = folder / "btc.csv"
    trades = "".join(f"{ts_ms},{row},1,buy\n" for row, ts_ms in enumerate(times_ms, start=1))
    path.write_text("ts_ms,price,qty,side\n" + trades)
    return PriceFile(path)


def quote(sequence: int, price: int, symbol: str = "BTC/USDT") -> Quote:
    return Quote(symbol, "file:btc.csv", sequence, *[price * E8] * 5)


def feed(file: PriceFile, clock: StillClock, speed: int | None = 1, loop: bool = False) -> FileFeed:
    return FileFeed(file, ["BTC/USDT"], clock.pacer(), speed, loop)


def resumed_after(sequence: int, file: PriceFile, loop: bool = False) -> FileFeed:
    player = feed(file, StillClock(), loop=loop)
    player.resume([ResumePoint("BTC/USDT", "file:btc.csv", sequence, E8)])
    return player


def test_the_source_sequence_is_the_row_number_and_the_feed_ends_with_the_file(
    tmp_path: Path,
) -> None:
    quotes = play(feed(recorded(tmp_path), StillClock()))

    assert quotes == [quote(1, 1), quote(2, 2), quote(3, 3), quote(4, 4)]


@pytest.mark.parametrize(("speed", "waits_ms"), [(1, [250, 3_750]), (10, [25, 375]), (None, [])])
def test_rows_come_at_the_recorded_pace_or_faster(
    tmp_path: Path, speed: int | None, waits_ms: list[int]
) -> None:
    clock = StillClock()

    play(feed(recorded(tmp_path), clock, speed))

    assert clock.waits_ms() == waits_ms


@pytest.mark.parametrize(
    ("times_ms", "waits_ms"),
    [
        ((5_000, 4_500, 5_100), [100]),  # a jitter: the schedule stands
        ((5_000, 1_000, 1_500), [500]),  # the recorder's clock was put back: it goes on from there
    ],
)
def test_a_recorded_time_that_goes_backwards_costs_no_wait(
    tmp_path: Path, times_ms: tuple[int, ...], waits_ms: list[int]
) -> None:
    clock = StillClock()

    play(feed(recorded(tmp_path, times_ms), clock))

    assert clock.waits_ms() == waits_ms


def test_as_fast_as_possible_still_lets_the_loop_run(tmp_path: Path) -> None:
    clock = StillClock()

    play(feed(recorded(tmp_path, (0,) * (5 * GIVE_WAY_EVERY)), clock, speed=None))

    assert clock.sleeps_s == [0] * 5


def test_one_file_drives_several_markets(tmp_path: Path) -> None:
    symbols = ["BTC/USDT", "BTC-PERP/USDT"]
    player = FileFeed(recorded(tmp_path, (0, 1)), symbols, StillClock().pacer(), 1, loop=False)

    assert play(player) == [
        quote(1, 1, "BTC/USDT"),
        quote(1, 1, "BTC-PERP/USDT"),
        quote(2, 2, "BTC/USDT"),
        quote(2, 2, "BTC-PERP/USDT"),
    ]


def test_it_goes_on_after_the_last_journaled_row_and_does_not_wait_for_what_was_played(
    tmp_path: Path,
) -> None:
    clock = StillClock()
    player = feed(recorded(tmp_path), clock)
    player.resume([ResumePoint("BTC/USDT", "file:btc.csv", 2, 2 * E8)])

    assert play(player) == [quote(3, 3), quote(4, 4)]
    assert clock.waits_ms() == [3_750]


def test_rows_of_another_file_say_nothing_about_this_one(tmp_path: Path) -> None:
    player = feed(recorded(tmp_path), StillClock())
    player.resume([ResumePoint("BTC/USDT", "file:eth.csv", 3, E8)])

    assert play(player, 1) == [quote(1, 1)]


@pytest.mark.parametrize("sequence", [4, 5, 400])
def test_a_file_played_to_its_end_stays_silent(tmp_path: Path, sequence: int) -> None:
    assert play(resumed_after(sequence, recorded(tmp_path))) == []


def test_a_loop_begins_again_and_the_sequence_grows_on(tmp_path: Path) -> None:
    clock = StillClock()

    quotes = play(feed(recorded(tmp_path, (0, 250)), clock, loop=True), 5)

    assert quotes == [quote(1, 1), quote(2, 2), quote(3, 1), quote(4, 2), quote(5, 1)]
    assert clock.waits_ms() == [250, 1_000, 250, 1_000]


@pytest.mark.parametrize("after", range(14))
def test_a_loop_resumes_in_the_pass_where_it_stopped(tmp_path: Path, after: int) -> None:
    file = recorded(tmp_path)
    uninterrupted = play(feed(file, StillClock(), loop=True), after + 6)

    assert play(resumed_after(after, file, loop=True), 6) == uninterrupted[after:]


def test_a_loop_resumed_after_many_passes_reads_the_file_twice_and_not_each_pass(
    tmp_path: Path,
) -> None:
    file = recorded(tmp_path)

    assert play(resumed_after(4 * 10**12 + 1, file, loop=True), 1) == [quote(4 * 10**12 + 2, 2)]


@pytest.mark.parametrize("loop", [False, True])
def test_a_file_without_rows_is_damage_and_not_silence(tmp_path: Path, loop: bool) -> None:
    with pytest.raises(PriceFileDamaged, match=r"btc\.csv, line 2: the file has no rows"):
        play(feed(recorded(tmp_path, ()), StillClock(), loop=loop))


def test_a_bad_row_ends_the_feed_with_its_place(tmp_path: Path) -> None:
    file = recorded(tmp_path)
    file.path.write_text(file.path.read_text() + "6000,,1,buy\n")

    with pytest.raises(PriceFileDamaged, match=r"btc\.csv, line 6: '' is not a decimal"):
        play(feed(file, StillClock()))


def test_the_recorded_hour_takes_its_own_time_at_thirty_times_the_speed(
    shared: Path, count: Callable[[str, int], None]
) -> None:
    path = shared / "data" / "ticks" / "binance_usdm_BTCUSDT_trades_20241028.csv.gz"
    clock = StillClock()

    quotes = play(feed(PriceFile(path), clock, speed=30))
    count("recorded price rows played", len(quotes))

    assert len(quotes) == 99_294
    assert (quotes[0].source_sequence, quotes[-1].source_sequence) == (1, 99_294)
    # 5,573.972 s are recorded, from 15:42:23.833 to 17:15:17.805; drift would add to it.
    assert sum(clock.sleeps_s) == pytest.approx(5_573.972 / 30)
