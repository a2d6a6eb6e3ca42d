"""Markets with funding, cross and isolated traders, and published rates that settle exactly."""

from collections import Counter
from random import Random

import pytest

from engine.commands import AdvanceTime, ChangeInstrument, Command
from engine.events import Event, FundingSettled
from engine.instrument import MarginMode, MarketStructure
from engine.units import E8, NOBODY
from gateway.feeds.feed import FeedFault
from gateway.replay.candle_path import Step
from gateway.replay.candle_series import FUNDING_MS
from gateway.replay.candle_stage import NS_PER_MS, CandleStage
from gateway.replay.candle_tally import CandleTally

MINUTE_MS = 60_000
STAMP_MS = 10 * FUNDING_MS
START_NS = (STAMP_MS - MINUTE_MS) * NS_PER_MS


def test_a_published_rate_is_settled_to_the_last_digit_and_journaled() -> None:
    seen: list[tuple[Command, list[Event]]] = []
    stage = CandleStage(lambda command, events: seen.append((command, events)), None, E8)
    stage.open_market("BTC", MarketStructure.QUOTE_DRIVEN, MINUTE_MS, funded=True, time_ns=START_NS)
    stage.move(0, "test", Step(STAMP_MS - 30_000, 42_000 * E8, 41_999 * E8))
    for place, rate_e8 in enumerate((-36_789, 375_000, 0)):
        due_ms = STAMP_MS + place * FUNDING_MS
        stage.publish_rate(0, rate_e8, (due_ms - 1) * NS_PER_MS)
        stage.stage.apply(due_ms * NS_PER_MS, AdvanceTime())

    settled = [e for _, events in seen for e in events if isinstance(e, FundingSettled)]

    stamps = [(e.stamp_ns // NS_PER_MS - STAMP_MS, e.rate_e8, e.mark_ticks) for e in settled]
    assert stamps == [
        (0, -36_789, 419_990),
        (FUNDING_MS, 375_000, 419_990),
        (2 * FUNDING_MS, 0, 419_990),
    ]
    changes = [c for c, _ in seen if isinstance(c, ChangeInstrument)]
    assert [change.spec.funding_interest_e8 for change in changes] == [-36_789, 375_000, 0]


def test_a_published_rate_that_the_engine_refuses_ends_the_replay() -> None:
    stage = CandleStage(CandleTally().watch, None, E8)
    stage.open_market("BTC", MarketStructure.QUOTE_DRIVEN, MINUTE_MS, funded=True, time_ns=START_NS)

    words = "BTC: a published funding rate of -1.5 is refused: BAD_INSTRUMENT"
    with pytest.raises(FeedFault, match=words):
        stage.publish_rate(0, -3 * E8 // 2, START_NS)


def test_the_house_quotes_at_the_mark_whatever_the_last_trade_was() -> None:
    stage = CandleStage(CandleTally().watch, None, E8)
    stage.open_market("ETH", MarketStructure.QUOTE_DRIVEN, MINUTE_MS, funded=False, time_ns=0)
    assert not stage.has_prices()

    stage.move(0, "test", Step(1_000, 323 * E8, 119 * E8))

    assert stage.has_prices()
    assert stage.markets[0].prices == [11_900, 11_900, 32_300, 11_900, 11_900]
    assert stage.maker_id == NOBODY


def test_traders_are_cross_or_isolated_in_one_market_or_two_with_leverages_of_their_own() -> None:
    stage = CandleStage(CandleTally().watch, None, E8)
    for base in ("BTC", "ETH"):
        stage.open_market(base, MarketStructure.QUOTE_DRIVEN, MINUTE_MS, funded=False, time_ns=0)
    stage.fund(0, 0)

    seated = stage.seat_traders(200, Random(1), 0)

    crowd = Counter(each.description() for each in seated)
    assert set(crowd) == {
        *("cross, one market", "cross, two markets"),
        *("isolated, one market", "isolated, two markets"),
    }
    assert min(crowd.values()) > 20
    leverages = set()
    for each in seated:
        for market in each.markets:
            seat = market.existing_seat(each.trader.account_id)
            assert seat is not None
            assert seat.main.is_cross == (each.margin_mode is MarginMode.CROSS)
            leverages.add(seat.main.leverage)
    assert min(leverages) < 5
    assert max(leverages) > 90


def test_the_maker_is_funded_only_where_there_is_a_book() -> None:
    stage = CandleStage(CandleTally().watch, None, E8)
    stage.open_market("BTC", MarketStructure.ORDER_DRIVEN, MINUTE_MS, funded=False, time_ns=0)

    stage.fund(500 * E8, 0)

    ledger = stage.state.asset_ledger(stage.markets[0])
    assert stage.state.account_ids["maker"] == stage.maker_id
    assert ledger.insurance_atoms == 500 * E8
    assert ledger.free[stage.maker_id] == stage.brought_atoms - 500 * E8
