"""Rows of a snapshot with very many positions, orders and cross accounts, made in seconds.

Knows which fields of the rows of a small venue say how much; whatever else they say is kept.  All
longs and shorts were opened near 60,000 USDT with leverage of at most 50, so that nothing is
liquidated within 1 % of it.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from random import Random
from typing import Final, NamedTuple

from bench.trading import INSTRUMENT, SEED, START_NS, TICKETS, Trading
from engine.codec import Row
from engine.commands import (
    GTC,
    LIMIT,
    MARKET,
    OrderType,
    PlaceOrder,
    PriceSource,
    Side,
    UpdatePrice,
)
from engine.engine import Engine
from engine.state import State
from engine.units import E8, AccountId, PositionId
from snapshots.snapshot import Section, sections

ACCOUNTS: Final = 10_000
FREE_ATOMS: Final = 1_000_000 * E8
CROSS_POSITIONS: Final = 10  # of one cross account
MID: Final = TICKETS.mid_ticks
ORDER_LOTS: Final = 100
LEVERAGES: Final = (2, 3, 5, 10, 20, 50)
EVERY_TRAILING: Final = 5
TRAIL_E8: Final = 5_000_000


class Contents(NamedTuple):
    """What the venue holds.

    stop_losses, limits: where they lie.
    highs: of a mixed venue, over how many ticks above the price its trailing stops' extremes lie;
        every second position is cross then, and every fifth trails.  0: none is either.
    """

    positions: int
    stop_losses: list[int]
    limits: list[int]
    highs: int = 0


def crowd_sections(contents: Contents) -> list[Section]:
    """The venue as a snapshot has it."""
    rows = {name: list(section) for name, section in _small_venue()}
    template = Templates(rows["positions"][0], rows["orders"][0])
    positions = list(template.positions(contents))
    orders = list(template.orders(contents.limits, contents.positions + 1))
    held = [0] * (ACCOUNTS + 1)
    for order in orders:
        held[order[InOrder.ACCOUNT_ID]] += order[InOrder.HOLD_ATOMS]
    balances = [(1, number, FREE_ATOMS, held[number]) for number in range(1, ACCOUNTS + 1)]
    values: dict[int, int] = {}  # of cross accounts
    for row in positions:
        account_id = row[InPosition.ACCOUNT_ID]
        if account_id > ACCOUNTS:
            values[account_id] = values.get(account_id, 0) + row[InPosition.COST_ATOMS]
    balances += [(1, number, value * 3 // 10, 0) for number, value in values.items()]
    margin = sum(row[InPosition.MARGIN_ATOMS] for row in positions)
    external = -(margin + sum(free + hold for _, _, free, hold in balances))
    numbers = range(1, ACCOUNTS + len(values) + 1)
    rows["counters"] = [(1, START_NS, bytes(32), contents.positions + len(orders) + 1, 1)]
    account = rows["accounts"][0]
    rows["accounts"] = [filled_in(account, {0: n, 1: f"trader-{n}"}) for n in numbers]
    rows["assets"] = [("USDT", 0, 0, 0, external, -external)]
    rows["balances"] = balances
    rows["transfers"] = []
    rows["seats"] = [(1, number, TICKETS.spec.position_mode, ((1, True, 0),)) for number in values]
    rows["positions"] = positions
    rows["orders"] = orders
    return list(rows.items())


def _small_venue() -> list[Section]:
    """One account with one position, which has a stop loss, and one limit order."""
    trading = Trading(TICKETS, 1, Engine(State()))
    trading.furniture()
    prices = (MID, MID, MID, MID, MID)
    trading.apply(UpdatePrice(INSTRUMENT, "crowd", 1, False, *prices))
    trading.apply(_order(MARKET, 0, MID - 1))
    trading.apply(_order(LIMIT, MID - 1, 0))
    return [(name, list(rows)) for name, rows in sections(trading.state)]


def _order(order_type: OrderType, price_ticks: int, stop_loss_ticks: int) -> PlaceOrder:
    return PlaceOrder(
        AccountId(1),
        INSTRUMENT,
        Side.BUY,
        order_type,
        GTC,
        ORDER_LOTS,
        0,
        price_ticks,
        0,
        PriceSource.MARK,
        LEVERAGES[0],
        False,
        False,
        PositionId(0),
        stop_loss_ticks,
        0,
        0,
        0,
        "",
        b"",
    )


class InPosition(IntEnum):
    """Where a field is in a position's row (`snapshots/trading_rows.py`)."""

    POSITION_ID = 0
    ACCOUNT_ID = 1
    SIDE = 4
    LEVERAGE = 5
    OPENED_NS = 6
    QTY_LOTS = 7
    COST_ATOMS = 8
    MARGIN_ATOMS = 10
    INITIAL_MARGIN_ATOMS = 11
    REALIZED_ATOMS = 12
    PAIRS = 14


class InPair(IntEnum):
    """Where a field is in the row of a position's exits."""

    STOP_LOSS_TICKS = 3
    TRAIL_E8 = 6
    EXTREME_TICKS = 7


class InOrder(IntEnum):
    """Where a field is in an order's row."""

    ORDER_ID = 0
    ACCOUNT_ID = 1
    PRICE_TICKS = 9
    LEVERAGE = 12
    HOLD_ATOMS = 22
    FROZEN_MARK_TICKS = 23
    PRIORITY = 24


def filled_in(row: Row, values: Mapping[int, object]) -> Row:
    """The row with some of its fields replaced."""
    fields = list(row)
    for place, value in values.items():
        fields[place] = value
    return tuple(fields)


class Templates:
    """A position with a stop loss and a resting limit order, to be filled in."""

    def __init__(self, position: Row, order: Row) -> None:
        self._position: Final = position
        self._pair: Final[Row] = position[InPosition.PAIRS][0]
        self._order: Final = order

    def positions(self, contents: Contents) -> Iterator[Row]:
        """Half longs, half shorts; those with a stop loss are long and mixed among the others."""
        random = Random(SEED)
        chosen = random.sample(range(contents.positions), len(contents.stop_losses))
        stops = dict(zip(chosen, contents.stop_losses, strict=True))
        for place in range(contents.positions):
            stop_loss = stops.get(place, 0)
            is_long = stop_loss or random.random() < 0.5
            lots = random.randint(100, 10_000)
            leverage = random.choice(LEVERAGES)
            cost = lots * (MID + random.randint(-1_000, 1_000))
            is_cross = contents.highs > 0 and place % 2 == 1
            pairs: tuple[Row, ...] = ()
            if stop_loss:
                pairs = (self._exits({InPair.STOP_LOSS_TICKS: stop_loss}),)
            elif contents.highs and place % EVERY_TRAILING == 0 and is_long:
                # Who trails for longer has seen no less of a high.
                extreme = MID + contents.highs * (contents.positions - place) // contents.positions
                pairs = (self._exits({InPair.TRAIL_E8: TRAIL_E8, InPair.EXTREME_TICKS: extreme}),)
            yield filled_in(
                self._position,
                {
                    InPosition.POSITION_ID: place + 1,
                    InPosition.ACCOUNT_ID: _account(place, is_cross),
                    InPosition.SIDE: Side.BUY if is_long else Side.SELL,
                    InPosition.LEVERAGE: leverage,
                    InPosition.OPENED_NS: START_NS,
                    InPosition.QTY_LOTS: lots,
                    InPosition.COST_ATOMS: cost,
                    InPosition.MARGIN_ATOMS: 0 if is_cross else -(-cost // leverage),
                    InPosition.INITIAL_MARGIN_ATOMS: -(-cost // leverage),
                    InPosition.REALIZED_ATOMS: 0,
                    InPosition.PAIRS: pairs,
                },
            )

    def _exits(self, values: Mapping[int, int]) -> Row:
        return filled_in(self._pair, {InPair.STOP_LOSS_TICKS: 0, **values})

    def orders(self, limits: list[int], first_id: int) -> Iterator[Row]:
        """Buys that open; each holds its margin, its fee and nothing for a better mark."""
        random = Random(SEED)
        fee_e8 = TICKETS.spec.maker_fee_e8
        for place, ticks in enumerate(limits):
            leverage = random.choice(LEVERAGES)
            margin = -(-ORDER_LOTS * ticks // leverage)
            yield filled_in(
                self._order,
                {
                    InOrder.ORDER_ID: first_id + place,
                    InOrder.ACCOUNT_ID: _account(place, False),
                    InOrder.PRICE_TICKS: ticks,
                    InOrder.LEVERAGE: leverage,
                    InOrder.HOLD_ATOMS: margin - (-margin * fee_e8 // E8),
                    InOrder.FROZEN_MARK_TICKS: MID,
                    InOrder.PRIORITY: first_id + place,
                },
            )


def _account(place: int, is_cross: bool) -> int:
    """Whose it is: cross accounts come after the others."""
    if is_cross:
        return ACCOUNTS + 1 + place // 2 // CROSS_POSITIONS
    return place % ACCOUNTS + 1
