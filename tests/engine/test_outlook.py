"""What an order is expected to come to is what it comes to, whatever it meets (ADM-1, ADM-6a)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrival import Arrival, find_fills
from engine.commands import SelfTradePrevention, Side, TimeInForce
from engine.outlook import Outlook
from engine.place_order import draft_order
from engine.position import Position
from engine.units import AccountId
from tests.engine.books import ALICE, BOB, CAROL, ask, bid, book_venue
from tests.engine.venue import Venue, book_spec, order

FEES = book_spec(maker_fee_e8=-10_000, taker_fee_e8=50_000)
PRICES = st.integers(199_990, 200_010)


def alices(venue: Venue) -> Position | None:
    """Alice's position, if she has one."""
    held = [p for p in venue.state.positions.values() if p.account_id == ALICE]
    return held[0] if held else None


def numbers(position: Position | Outlook | None) -> tuple[int, ...]:
    """Side, lots, cost, margin, base; all 0 without lots."""
    if position is None or position.qty_lots == 0:
        return (0,) * 5
    amounts = position.margin_atoms, position.initial_margin_atoms
    return int(position.side), position.qty_lots, position.cost_atoms, *amounts


def hold_lots(venue: Venue, lots: int, leverage: int) -> None:
    """Alice is long so many lots, or short if negative, against Bob."""
    if lots:
        venue.apply((ask if lots > 0 else bid)(BOB, abs(lots), 200_000, leverage=leverage))
        side = Side.BUY if lots > 0 else Side.SELL
        venue.apply(order(side=side, qty_lots=abs(lots), leverage=leverage))


@settings(max_examples=100, deadline=None)
@given(
    held=st.integers(-9, 9),
    rests=st.lists(st.tuples(st.sampled_from([ALICE, BOB, CAROL]), st.integers(1, 9), PRICES)),
    lots=st.integers(1, 30),
    limit=PRICES,
    side=st.sampled_from(list(Side)),
    leverage=st.sampled_from([3, 7, 10]),
    mode=st.sampled_from(list(SelfTradePrevention)),
    closing=st.booleans(),
)
def test_the_outlook_is_what_comes_of_it(
    held: int,
    rests: list[tuple[int, int, int]],
    lots: int,
    limit: int,
    side: Side,
    leverage: int,
    mode: SelfTradePrevention,
    closing: bool,
) -> None:
    venue = book_venue(FEES)
    hold_lots(venue, held, leverage)
    for account, rest_lots, ticks in rests:
        place = bid if side is Side.SELL else ask
        venue.apply(place(account, rest_lots, ticks, leverage=leverage))
    asked = {"side": side, "qty_lots": lots, "price_ticks": limit, "self_trade_prevention": mode}
    kept = {"leverage": 0 if closing else leverage, "reduce_only": closing}
    command = order(**asked, **kept, time_in_force=TimeInForce.IOC)
    draft = draft_order(venue.state, command)
    if closing:
        position = alices(venue)
        if position is None or position.side is side:
            return
        draft.qty_lots = min(lots, position.qty_lots)
        draft.position_id = position.position_id
    arrival = Arrival(venue.state, draft, None)
    find_fills(arrival)
    money = venue.free() + venue.hold()

    said = venue.names(command)
    assert said[0] in ("OrderAccepted", "LeverageChanged"), said
    outlook = arrival.expected()
    assert numbers(outlook) == numbers(alices(venue))
    assert venue.free() + venue.hold() == money + outlook.gained_atoms
    assert outlook.opened_lots <= lots


def test_it_changes_nothing_that_it_looks_at() -> None:
    venue = book_venue(FEES)
    venue.apply(ask(BOB, 9, 200_000))
    venue.apply(order(qty_lots=9))
    position = alices(venue)
    assert position is not None
    before = numbers(position)
    outlook = Outlook(draft_order(venue.state, order(side=Side.SELL, qty_lots=20)), position)
    outlook.fill(20, 200_000, 0)

    assert numbers(position) == before
    assert (outlook.side, outlook.qty_lots, outlook.opened_lots) == (Side.SELL, 11, 11)
    assert outlook.lots_against(Side.BUY) == 11
    assert position.account_id == AccountId(ALICE)
