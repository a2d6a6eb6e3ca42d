"""The maker's quotes lie around the price it is told, and share its depth."""

from engine.commands import CancelOrders, PlaceOrder, Side, SubmitBatch
from engine.instrument import MarketStructure
from engine.units import E8
from gateway.replay.candle_maker import requote
from gateway.replay.candle_path import Step
from gateway.replay.candle_stage import CandleStage
from gateway.replay.candle_tally import CandleTally
from gateway.replay.stage import Watch


def book_stage(watch: Watch) -> CandleStage:
    stage = CandleStage(watch, None, depth_atoms=100_000 * E8)
    stage.open_market("BTC", MarketStructure.ORDER_DRIVEN, 60_000, funded=False, time_ns=0)
    stage.fund(0, 0)
    return stage


def test_quotes_share_the_depth_on_both_sides() -> None:
    stage = book_stage(CandleTally().watch)
    market = stage.markets[0]

    cancel, batch = requote(market, stage.maker_id, 500_000, 100_000 * E8)

    assert isinstance(cancel, CancelOrders)
    assert isinstance(batch, SubmitBatch)
    quotes = [item for item in batch.items if isinstance(item, PlaceOrder)]
    assert [(quote.side, quote.price_ticks, quote.qty_lots) for quote in quotes] == [
        (Side.BUY, 499_900, 400),
        (Side.SELL, 500_100, 400),
        (Side.BUY, 499_500, 700),
        (Side.SELL, 500_500, 700),
        (Side.BUY, 498_000, 900),
        (Side.SELL, 502_000, 900),
    ]


def test_the_maker_quotes_the_new_price_before_the_mark_follows() -> None:
    seen: list[str] = []
    stage = book_stage(lambda command, _events: seen.append(type(command).__name__))
    market = stage.markets[0]
    seen.clear()

    stage.move(0, "test", Step(1_000, 50_000 * E8, 50_000 * E8))
    stage.move(0, "test", Step(2_000, 49_500 * E8, 49_500 * E8))

    quotes = ["CancelOrders", "SubmitBatch"]
    assert seen == ["UpdatePrice", *quotes, *quotes, "UpdatePrice"]
    assert (market.touch_ticks(Side.SELL), market.touch_ticks(Side.BUY)) == (494_901, 495_099)
    assert market.mark_ticks == 495_000
    assert stage.state.orders.count == 6
