"""The queue of what came true: its order, and what is not fired (FIR-4, FIR-5, FIR-6, ADM-6)."""

from engine.commands import OrderType, SetInstrumentStatus, Side
from engine.instrument import InstrumentStatus
from engine.units import InstrumentId
from tests.engine.venue import SECOND_NS, Venue, netting_spec, order, plain_spec, price

STOP = {"order_type": OrderType.STOP_MARKET, "side": Side.SELL}


def fills(said: list[dict[str, object]]) -> list[object]:
    return [e["order_id"] or f"p{e['position_id']}" for e in said if e["event"] == "OrderFilled"]


def test_ties_go_by_class_priority_and_kind() -> None:
    """All at one price: closers of two positions, their liquidations, then openers."""
    venue = Venue()
    venue.apply(order(qty_lots=1, price_ticks=180_000))  # 1: opener
    venue.apply(order(qty_lots=10))  # 2, position 3, liquidated at 180,000
    venue.apply(order(qty_lots=10, stop_loss_ticks=180_000))  # 4, position 5
    venue.apply(order(qty_lots=5, trigger_ticks=180_000, position_id=3, **STOP))  # 6
    venue.apply(order(qty_lots=5, trigger_ticks=180_000, **STOP))  # 7: opener

    assert fills(venue.say(price(180_000))) == ["p5", 6, "p3", 1, 7]


def test_a_pair_fires_by_kind_before_parent() -> None:
    """Three exits of one netting position at one price: stop losses first, by parent order."""
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10, stop_loss_ticks=190_000))
    venue.apply(order(qty_lots=5, stop_loss_ticks=190_000, leverage=0))
    said = venue.say(price(190_000))

    assert [e["qty_lots"] for e in said if e["event"] == "OrderFilled"] == [10, 5]


def test_what_moved_away_before_its_turn_does_not_fire() -> None:
    """FIR-5: the liquidation was passed, but a limit before it moved its price."""
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=100))
    venue.apply(order(qty_lots=100, price_ticks=190_000, leverage=0))
    said = venue.say(price(179_000))

    # cost 3900, margin 390: 17550.0
    assert fills(said) == [3]
    assert venue.position(2).liquidation_ticks == 175_500


def test_what_is_gone_before_its_turn_does_not_fire() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10, stop_loss_ticks=195_000, auto_close_e8=-50_000_000))
    venue.apply(order(qty_lots=10, trigger_ticks=194_000, position_id=2, **STOP))
    said = venue.say(price(170_000))

    assert fills(said) == ["p2"]
    assert [e["event"] for e in said][-1] == "OrderCancelled"


def test_nothing_fires_in_a_halted_market_and_it_is_not_forgotten() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10, stop_loss_ticks=195_000))
    venue.apply(SetInstrumentStatus(InstrumentId(1), InstrumentStatus.HALTED))
    assert venue.names(price(190_000)) == ["PriceAccepted"]

    resumed = venue.say(SetInstrumentStatus(InstrumentId(1), InstrumentStatus.TRADING))
    assert fills(resumed) == ["p2"]


def test_a_halt_that_ends_on_a_stale_price_fires_nothing_yet() -> None:
    venue = Venue(plain_spec(stale_after_ns=SECOND_NS))
    venue.apply(order(qty_lots=10, stop_loss_ticks=195_000))
    venue.apply(SetInstrumentStatus(InstrumentId(1), InstrumentStatus.HALTED))
    venue.apply(price(190_000))
    trading = SetInstrumentStatus(InstrumentId(1), InstrumentStatus.TRADING)
    assert venue.names(trading, after_ns=2 * SECOND_NS) == ["StatusChanged"]

    assert fills(venue.say(price(194_000))) == ["p2"]


def test_every_fill_of_a_price_is_at_the_new_touch() -> None:
    """FIR-1: what is passed early sells at the same new bid as what is passed late."""
    venue = Venue()
    for ticks in (199_000, 195_000, 191_000):
        venue.apply(order(qty_lots=10, stop_loss_ticks=ticks))
    said = venue.say(price(189_990, 190_010, 190_000, 190_000, 190_000))

    assert [e["price_ticks"] for e in said if e["event"] == "OrderFilled"] == [189_990] * 3
