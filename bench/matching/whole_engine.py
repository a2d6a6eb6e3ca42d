"""An order-driven perpetual market with funded accounts, for streams.  Knows rows and commands.

Netting, leverage 5, fees on notional with a maker's rebate, tiers, closing fee reserved.  A price
band wide enough for every row, and no staleness: the mark is set once, at the middle.
"""

from collections.abc import Iterator
from typing import Final

from bench.matching.streams import CANCEL, MID, MOVE, USERS, Row
from bench.matching.streams import LIMIT as LIMIT_ROW
from bench.trading import START_NS, STEP_NS
from engine.codec import INSTRUMENT_FIELDS, instrument_from_row, instrument_row
from engine.commands import (
    BUY,
    GTC,
    IOC,
    LIMIT,
    MARKET,
    SELL,
    AmendOrder,
    CancelOrder,
    Command,
    Deposit,
    ListInstrument,
    OpenAccount,
    OrderType,
    PlaceOrder,
    PriceSource,
    SetLeverage,
    TimeInForce,
    UpdatePrice,
)
from engine.engine import Engine
from engine.events import Event, OrderAccepted, Rejected, Traded
from engine.instrument import (
    ORDERS_MAX,
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    perpetual_instrument,
)
from engine.state import State
from engine.units import E8, AccountId, InstrumentId, OrderId, PositionId

INSTRUMENT: Final = InstrumentId(1)
LEVERAGE: Final = 5
DEPOSIT_ATOMS: Final = 10_000_000 * E8
TICK_E8, LOT_E8 = 10_000_000, 100_000  # 10,000 USDT in the middle, 10 USDT a lot there
SIDES: Final = (BUY, SELL)
MARK: Final = PriceSource.MARK
NO_POSITION: Final = PositionId(0)


def stream_market() -> InstrumentSpec:
    """Large enough for every row: half the price as band, no smallest notional."""
    spec = perpetual_instrument("BTC-PERP/USDT", "BTC", "USDT", TICK_E8, LOT_E8)
    row = list(instrument_row(spec))
    changes: dict[str, object] = {
        "market": MarketStructure.ORDER_DRIVEN,
        "margin_mode": MarginMode.ISOLATED,
        "maker_fee_e8": -10_000,
        "price_band_e8": E8 // 2,
        "stale_after_ns": 0,
        "notional_atoms_min": 0,
        "orders_max": ORDERS_MAX,
    }
    for name, value in changes.items():
        row[INSTRUMENT_FIELDS.index(name)] = value
    return instrument_from_row(row)


def furniture() -> Iterator[Command]:
    """One market, as many accounts as a stream has users, money for all, the mark."""
    yield ListInstrument(stream_market())
    for number in range(1, USERS + 1):
        account_id = AccountId(number)
        yield OpenAccount(f"trader-{number}")
        yield Deposit(account_id, "USDT", DEPOSIT_ATOMS, f"first-{number}")
        yield SetLeverage(account_id, INSTRUMENT, LEVERAGE)
    yield UpdatePrice(INSTRUMENT, "", 0, True, MID, MID, MID, MID, MID)


class WholeEngine:
    """An engine that runs rows; it remembers only which order of its own each id is."""

    def __init__(self) -> None:
        self.engine: Final = Engine(State())
        self.ids: Final[dict[int, OrderId]] = {}
        for command in furniture():
            events = self.apply(command)
            assert not any(isinstance(event, Rejected) for event in events), command

    def apply(self, command: Command) -> list[Event]:
        """The next command, a microsecond after the last."""
        sequence = self.engine.state.sequence + 1
        return self.engine.apply(sequence, START_NS + sequence * STEP_NS, command)

    def run(self, row: Row) -> list[Event]:
        """One row, from its command to its events."""
        return self.enter(row, self.command(row))

    def enter(self, row: Row, command: Command) -> list[Event]:
        """Apply a row's command, and note what became of it."""
        events = self.apply(command)
        if row[0] == LIMIT_ROW:
            accepted = events[0]
            assert isinstance(accepted, OrderAccepted), accepted
            self.ids[row[1]] = accepted.order_id
        return events

    def command(self, row: Row) -> Command:
        """What a row asks for."""
        kind, number, user, side, price_ticks, qty_lots, _, _ = row
        account_id = AccountId(user)
        if kind == CANCEL:
            return CancelOrder(account_id, self.ids.pop(number), "")
        if kind == MOVE:
            return AmendOrder(account_id, self.ids[number], "", price_ticks, 0, 0, 0)
        order_type: OrderType = MARKET
        time_in_force: TimeInForce = IOC
        if kind == LIMIT_ROW:
            order_type, time_in_force = LIMIT, GTC
        return PlaceOrder(
            account_id,
            INSTRUMENT,
            SIDES[side],
            order_type,
            time_in_force,
            qty_lots,
            0,
            price_ticks,
            0,
            MARK,
            0,
            False,
            False,
            NO_POSITION,
            0,
            0,
            0,
            0,
            "",
            b"",
        )


class Tally:
    """What the events of a run come to."""

    def __init__(self) -> None:
        self.trades = self.volume = self.notional = 0

    def count(self, events: list[Event]) -> None:
        """Add the trades of a command; none may be refused."""
        for event in events:
            if isinstance(event, Traded):
                self.trades += 1
                self.volume += event.qty_lots
                self.notional += event.qty_lots * event.price_ticks
            assert not isinstance(event, Rejected), event

    def results(self, engine: Engine) -> dict[str, int]:
        """Everything that is compared."""
        market = engine.state.markets[INSTRUMENT]
        assert market is not None
        book = market.book
        assert book is not None
        return {
            "trades": self.trades,
            "volume": self.volume,
            "notional": self.notional,
            "resting": engine.state.orders.count,
            "best_bid": book.best_bid_ticks,
            "best_ask": book.best_ask_ticks,
        }
