"""A small venue for the engine's tests: what a test does not mention has a plain default.

Prices in ticks of 0.1, lots of 0.001 (so K is 10,000 atoms), money in atoms; fees are 0 and there
is no maintenance, unless a test says otherwise.
"""

from typing import Any, Final

from engine.codec import INSTRUMENT_FIELDS, event_fields, instrument_from_row, instrument_row
from engine.commands import (
    CANCEL_MAKER,
    Command,
    Deposit,
    FundInsurance,
    Leg,
    ListInstrument,
    OpenAccount,
    OrderType,
    PlaceOrder,
    PriceSource,
    Side,
    TimeInForce,
    UpdatePrice,
)
from engine.engine import Engine
from engine.events import Event
from engine.instrument import (
    FeeBasis,
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    PositionMode,
    simple_instrument,
)
from engine.invariants import check
from engine.order import Order
from engine.position import Position
from engine.state import State
from engine.units import E8, AccountId, InstrumentId, PositionId

K: Final = 10_000
START_NS: Final = 1_000_000_000_000
SECOND_NS: Final = 1_000_000_000
Fields = dict[str, Any]


def plain_spec(**settings: Any) -> InstrumentSpec:
    """A ticket market without fees; any setting may be replaced."""
    spec = simple_instrument("BTC/USDT", "BTC", "USDT", 10_000_000, 100_000)
    row: Fields = dict(zip(INSTRUMENT_FIELDS, instrument_row(spec), strict=True))
    row.update(maker_fee_e8=0, taker_fee_e8=0, qty_lots_max=1_000_000)
    row.update(settings)
    return instrument_from_row(tuple(row[name] for name in INSTRUMENT_FIELDS))


def netting_spec(**settings: Any) -> InstrumentSpec:
    """The same with one position per account."""
    return plain_spec(position_mode=PositionMode.NETTING, **settings)


def cross_spec(**settings: Any) -> InstrumentSpec:
    """One position per account, which stands behind it with all it has in the asset."""
    plain: Fields = {"margin_mode": MarginMode.CROSS, "fee_basis": FeeBasis.NOTIONAL}
    return netting_spec(**{**plain, **settings})


def book_spec(**settings: Any) -> InstrumentSpec:
    """One position per account, users trading with each other, a band of 10 %."""
    plain: Fields = {
        "market": MarketStructure.ORDER_DRIVEN,
        "position_mode": PositionMode.NETTING,
        "fee_basis": FeeBasis.NOTIONAL,
        "price_band_e8": E8 // 10,
    }
    return plain_spec(**{**plain, **settings})


def order(**fields: Any) -> PlaceOrder:
    """A market buy of nothing by account 1, and whatever is said."""
    terms: Fields = {
        "account_id": AccountId(1),
        "instrument_id": InstrumentId(1),
        "side": Side.BUY,
        "order_type": OrderType.LIMIT if fields.get("price_ticks") else OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "qty_lots": 0,
        "amount_atoms": 0,
        "price_ticks": 0,
        "trigger_ticks": 0,
        "trigger_source": PriceSource.MARK,
        "leverage": 0 if fields.get("position_id") or fields.get("reduce_only") else 10,
        "reduce_only": False,
        "post_only": False,
        "position_id": PositionId(0),
        "stop_loss_ticks": 0,
        "take_profit_ticks": 0,
        "auto_close_e8": 0,
        "expire_ns": 0,
        "client_order_id": "",
        "digest": b"",
        "display_lots": 0,
        "close_position": False,
        "self_trade_prevention": CANCEL_MAKER,
        "oco_group": "",
        "leg": Leg.NONE,
        "trail_ticks": 0,
        "trail_e8": 0,
    }
    assert fields.keys() <= terms.keys(), fields.keys() - terms.keys()
    terms.update(fields)
    return PlaceOrder(**terms)


def price(*ticks: int, feed: str = "", sequence: int = 0, instrument: int = 1) -> UpdatePrice:
    """One price for all five, or bid, ask, last, mark, index; the operator's unless fed."""
    five = ticks * 5 if len(ticks) == 1 else ticks
    return UpdatePrice(InstrumentId(instrument), feed, sequence, feed == "", *five)


class Venue:
    """An engine with a market and funded accounts; sound after every command."""

    def __init__(
        self,
        spec: InstrumentSpec | None = None,
        ticks: int = 200_000,
        deposits: tuple[int, ...] = (1_000,),
        insurance: int = 0,
    ) -> None:
        self.engine = Engine(State())
        self.time_ns = START_NS
        self.apply(ListInstrument(spec or plain_spec()))
        for number, amount in enumerate(deposits, 1):
            self.apply(OpenAccount(f"user-{number}"))
            self.deposit(number, amount * E8)
        if insurance:
            self.apply(FundInsurance("USDT", insurance * E8, "insurance"))
        if ticks:
            self.apply(price(ticks))

    @property
    def state(self) -> State:
        """What the engine holds."""
        return self.engine.state

    def apply(self, command: Command, after_ns: int = 0) -> list[Event]:
        """The events of the next command, after which everything still holds."""
        self.time_ns += after_ns
        events = self.engine.apply(self.state.sequence + 1, self.time_ns, command)
        check(self.state)
        return events

    def say(self, command: Command, after_ns: int = 0) -> list[Fields]:
        """The same as names and fields."""
        return [event_fields(event) for event in self.apply(command, after_ns)]

    def names(self, command: Command, after_ns: int = 0) -> list[str]:
        """The names of the events; of a refusal its reason."""
        return [
            str(fields["reason"].name)
            if fields["event"] in ("Rejected", "PriceRefused")
            else fields["event"]
            for fields in self.say(command, after_ns)
        ]

    def deposit(self, account: int, amount_atoms: int) -> None:
        """Money for an account, under an id of its own."""
        transfer_id = f"deposit-{self.state.sequence}"
        self.apply(Deposit(AccountId(account), "USDT", amount_atoms, transfer_id))

    def free(self, account: int = 1) -> int:
        """What the account may use."""
        return self.state.ledger.assets[1].free[account]

    def hold(self, account: int = 1) -> int:
        """What its orders hold."""
        return self.state.ledger.assets[1].hold[account]

    def position(self, position_id: int) -> Position:
        """An open position."""
        found = self.state.positions.get(position_id)
        assert found is not None
        return found

    def order(self, order_id: int) -> Order:
        """An open order."""
        found = self.state.orders.get(order_id)
        assert found is not None
        return found
