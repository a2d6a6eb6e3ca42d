"""What only order-driven markets have survives as rows: queues, partners, timers, the fund."""

from engine.codec import event_row
from engine.commands import (
    CancelAfter,
    Command,
    OrderType,
    Side,
)
from engine.engine import Engine
from engine.invariants import check
from engine.order import Order
from engine.state import State
from engine.units import E8, NOBODY, AccountId, OrderId
from snapshots.snapshot import load_sections, sections, state_hash
from tests.engine.books import ALICE, BOB, CAROL, DAVE, ask, bid, book_of, book_venue, market_of
from tests.engine.venue import SECOND_NS, Fields, Venue, order, price

PAIR: Fields = {"oco_group": "pair"}
TIERS = ((10**17, 1_000_000, 100),)


def reloaded(venue: Venue) -> Venue:
    """The same venue from its rows."""
    copy = Venue(ticks=0, deposits=())
    copy.engine = Engine(load_sections(list(sections(venue.state))))
    copy.time_ns = venue.time_ns
    check(copy.state)
    assert state_hash(copy.state) == state_hash(venue.state)
    return copy


def told_alike(venue: Venue, copy: Venue, *commands: Command) -> None:
    """Both say the same to what comes next."""
    for command in commands:
        rows = [event_row(event) for event in venue.apply(command)]
        assert [event_row(event) for event in copy.apply(command)] == rows
    assert copy.state.event_chain == venue.state.event_chain
    assert state_hash(copy.state) == state_hash(venue.state)


def half_eaten() -> Venue:
    """Alice's iceberg has come again at the end of the queue; Carol is partly filled."""
    venue = book_venue()
    venue.apply(ask(ALICE, 10, 200_000, display_lots=3))
    venue.apply(ask(BOB, 4, 200_000))
    venue.apply(ask(CAROL, 5, 200_000))
    venue.apply(order(account_id=AccountId(DAVE), qty_lots=3))
    venue.apply(order(account_id=AccountId(DAVE), qty_lots=5))
    return venue


def queue(venue: Venue) -> list[tuple[int, int, int, int, int]]:
    """Who offers, in order: id, priority, lots open, filled, shown."""
    found = []
    for entry in book_of(venue).asks.entries():
        assert isinstance(entry, Order)
        lots = entry.qty_lots, entry.filled_lots, entry.visible_lots
        found.append((int(entry.order_id), entry.priority, *lots))
    return found


def test_icebergs_keep_their_place_and_what_they_show() -> None:
    venue = half_eaten()
    assert queue(venue) == [(3, 3, 4, 1, 4), (1, 7, 7, 3, 3)]
    assert queue(reloaded(venue)) == queue(venue)
    venue.apply(order(account_id=AccountId(DAVE), qty_lots=5))
    assert queue(venue) == [(1, 7, 6, 4, 2)]

    copy = reloaded(venue)
    assert queue(copy) == queue(venue)
    assert book_of(copy).depth_asks == {200_000: 2}
    assert not book_of(copy).asks_before
    told_alike(venue, copy, bid(DAVE, 4, 200_000), bid(DAVE, 9, 200_000))


def test_partners_find_each_other_again() -> None:
    venue = book_venue()
    stop = {"order_type": OrderType.STOP_LIMIT, "trigger_ticks": 210_000}
    venue.apply(bid(ALICE, 5, 190_000, **PAIR))
    venue.apply(bid(ALICE, 5, 211_000, **stop, **PAIR))
    venue.apply(bid(BOB, 5, 190_000, **PAIR))

    copy = reloaded(venue)
    first, second, alone = (copy.order(number) for number in (1, 2, 3))
    assert (first.oco_partner, second.oco_partner, alone.oco_partner) == (second, first, None)
    told_alike(venue, copy, ask(DAVE, 2, 190_000), price(210_000))
    assert [o.order_id for o in copy.state.orders.values()] == [2, 3]


def test_timers_go_on() -> None:
    venue = book_venue()
    venue.apply(bid(ALICE, 5, 190_000))
    venue.apply(CancelAfter(AccountId(ALICE), 5 * SECOND_NS))
    venue.apply(CancelAfter(AccountId(BOB), 9 * SECOND_NS))

    copy = reloaded(venue)
    assert copy.state.cancel_after == venue.state.cancel_after
    assert copy.state.next_due_ns() == venue.state.next_due_ns() == venue.time_ns + 5 * SECOND_NS
    venue.time_ns += 5 * SECOND_NS
    copy.time_ns += 5 * SECOND_NS
    told_alike(venue, copy, bid(BOB, 1, 190_000))
    assert copy.state.cancel_after == {BOB: venue.time_ns + 4 * SECOND_NS}


def test_the_fund_keeps_its_position_and_its_offer() -> None:
    venue = book_venue(tiers=TIERS)
    venue.state.ledger.assets[1].insurance_atoms = 100 * E8
    venue.state.ledger.assets[1].external_atoms -= 100 * E8
    venue.apply(ask(BOB, 100, 200_000))
    venue.apply(order(account_id=AccountId(ALICE), qty_lots=100))
    venue.apply(price(181_500))
    [held] = [p for p in venue.state.positions.values() if p.account_id == NOBODY]
    [offer] = [o for o in venue.state.orders.values() if o.account_id == NOBODY]
    assert (held.side, held.qty_lots, offer.side) == (Side.BUY, 100, Side.SELL)

    copy = reloaded(venue)
    assert copy.position(held.position_id).margin_atoms == 0
    assert copy.order(offer.order_id).closing
    assert copy.state.ledger.assets[1].clearing == venue.state.ledger.assets[1].clearing
    told_alike(venue, copy, bid(CAROL, 40, 180_000), price(180_000), bid(DAVE, 90, 180_000))
    assert copy.state.orders.get(OrderId(offer.order_id)) is None


def test_ticket_openers_know_the_position_that_their_fills_opened() -> None:
    venue = book_venue(position_mode=1)
    venue.apply(bid(ALICE, 10, 200_000))
    venue.apply(ask(BOB, 4, 200_000))
    opened = venue.order(1).position_id

    copy = reloaded(venue)
    assert copy.order(1).position_id == opened != 0
    assert copy.order(1).closing is False
    told_alike(venue, copy, ask(BOB, 3, 200_000))
    assert copy.position(opened).qty_lots == 7


def test_debts_and_claims_beyond_63_bits_survive() -> None:
    venue = book_venue()
    ledger = venue.state.ledger.assets[1]
    ledger.clearing[market_of(venue).instrument_id] = 2**64
    ledger.insurance_atoms = -(2**64)

    state: State = load_sections(list(sections(venue.state)))
    assert state.ledger.assets[1].clearing == {1: 2**64}
    assert state.ledger.assets[1].insurance_atoms == -(2**64)


def test_a_book_changes_the_hash() -> None:
    hashes: set[bytes] = set()
    for display_lots, group in ((0, ""), (3, ""), (0, "a"), (0, "b")):
        venue = book_venue()
        venue.apply(bid(ALICE, 5, 190_000, display_lots=display_lots, oco_group=group))
        hashes.add(state_hash(venue.state))
        hashes.add(state_hash(Engine(venue.state).state))

    assert len(hashes) == 4
