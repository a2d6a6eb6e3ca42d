"""A crowd of traders, drawn from a seed: makes commands that name what exists.

Knows what traders do and how often; knows no clock: the times in the commands are made up.

The mix of both markets, of a retail venue: 30 % limit orders placed (5 to 200 basis points from
the touch, so some fill), 25 % cancels, 10 % market orders that open, 5 % closes, 30 % price
updates (a random walk, 1 basis point each).  Every second limit order carries a client order id,
every fourth market order a stop loss and a take profit; leverage is 1 to 100.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final, NamedTuple, TypeVar

from engine.commands import (
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
    Side,
    TimeInForce,
    UpdatePrice,
)
from engine.engine import Engine
from engine.events import Event, OrderAccepted, PositionOpened
from engine.instrument import InstrumentSpec
from engine.state import State
from engine.units import E8, AccountId, InstrumentId, OrderId, PositionId
from gateway.listings import perpetual_market, simple_market

SEED: Final = 7
START_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 1_000
INSTRUMENT: Final = InstrumentId(1)
DEPOSIT_ATOMS: Final = 100_000 * E8
LEVERAGES: Final = (1, 2, 3, 5, 10, 20, 50, 100)
DIGEST: Final = bytes(range(16))
CHOICES: Final = ("limit", "cancel", "open", "close", "price")
SHARES: Final = (30, 25, 10, 5, 30)

T = TypeVar("T")
Timed = tuple[int, Command]


class Market(NamedTuple):
    """Where the commands trade.  mid_ticks: 60,000 USDT.  lots_max: a tenth of a coin."""

    spec: InstrumentSpec
    mid_ticks: int
    lots_max: int
    is_netting: bool

    @property
    def spread_ticks(self) -> int:
        """Half the distance of bid and ask: half a USDT."""
        return max(1, self.mid_ticks // 120_000)


TICKETS: Final = Market(simple_market("BTC"), 6_000_000, 100_000, False)
NETTING: Final = Market(perpetual_market("BTC"), 600_000, 100, True)


class Trading:
    """Makes commands one by one and applies each, so that the next ones name what exists."""

    def __init__(self, market: Market, accounts: int, engine: Engine, seed: int = SEED) -> None:
        self.engine: Final = engine
        self.state: Final[State] = engine.state
        self.market: Final = market
        self.accounts: Final = accounts
        self.random: Final = Random(seed)
        self.mid_ticks = market.mid_ticks
        self.row = 0
        self.orders: Final[list[tuple[AccountId, OrderId]]] = []
        self.positions: Final[list[tuple[AccountId, PositionId, Side]]] = []
        self._makers: Final[dict[str, Callable[[], Command]]] = {
            "limit": self.limit,
            "cancel": self.cancel,
            "open": self.open,
            "close": self.close,
            "price": self.price,
        }

    def furniture(self) -> list[Timed]:
        """List the market, open and fund the accounts, set the first price."""
        return [self.apply(command) for command in self._furniture()]

    def fork(self, engine: Engine) -> "Trading":
        """The same crowd at another engine in the same state."""
        twin = Trading(self.market, self.accounts, engine)
        twin.mid_ticks, twin.row = self.mid_ticks, self.row
        twin.orders.extend(self.orders)
        twin.positions.extend(self.positions)
        return twin

    def _furniture(self) -> Iterator[Command]:
        yield ListInstrument(self.market.spec)
        for number in range(1, self.accounts + 1):
            account_id = AccountId(number)
            yield OpenAccount(f"trader-{number}")
            yield Deposit(account_id, "USDT", DEPOSIT_ATOMS, f"first-{number}")
            if self.market.is_netting:
                yield SetLeverage(account_id, INSTRUMENT, self.random.choice(LEVERAGES))
        yield self.price()

    def apply(self, command: Command) -> Timed:
        """Apply a command at its made-up time, and note what it opened."""
        sequence = self.state.sequence + 1
        time_ns = START_NS + sequence * STEP_NS
        for event in self.engine.apply(sequence, time_ns, command):
            self._note(event)
        return time_ns, command

    def _note(self, event: Event) -> None:
        if isinstance(event, OrderAccepted):
            if event.order_type is OrderType.LIMIT:
                self.orders.append((event.account_id, event.order_id))
        elif isinstance(event, PositionOpened):
            self.positions.append((event.account_id, event.position_id, event.side))

    def mixed(self, count: int) -> list[Timed]:
        """The next commands of the mix."""
        makers = self._makers
        drawn = self.random.choices(CHOICES, SHARES, k=count)
        return [self.apply(makers[choice]()) for choice in drawn]

    def repeat(self, make: Callable[[], Command], count: int) -> list[Timed]:
        """Commands of one kind."""
        return [self.apply(make()) for _ in range(count)]

    def account(self) -> AccountId:
        """Any account."""
        return AccountId(self.random.randint(1, self.accounts))

    def limit(self) -> Command:
        """A limit order that rests, by quantity."""
        side = self.random.choice((Side.BUY, Side.SELL))
        sign = -1 if side is Side.BUY else 1
        away = self.mid_ticks * self.random.randint(5, 200) // 10_000
        client_order_id = f"order-{self.state.sequence}" if self.random.random() < 0.5 else ""
        return self.order(
            side,
            OrderType.LIMIT,
            qty_lots=self.lots(),
            price_ticks=self.mid_ticks + sign * (self.market.spread_ticks + away),
            client_order_id=client_order_id,
        )

    def cancel(self) -> Command:
        """Cancel any order that is still open; a limit order if there is none."""
        while self.orders:
            account_id, order_id = swap_out(self.orders, self.random)
            if self.state.orders.get(order_id) is not None:
                return CancelOrder(account_id, order_id, "")
        return self.limit()

    def amend(self) -> Command:
        """Move any open order to another price; it stays open."""
        account_id, order_id = self.random.choice(self.orders)
        order = self.state.orders.get(order_id)
        assert order is not None
        sign = -1 if order.side is Side.BUY else 1
        away = self.mid_ticks * self.random.randint(5, 200) // 10_000
        price_ticks = self.mid_ticks + sign * (self.market.spread_ticks + away)
        return AmendOrder(account_id, order_id, "", price_ticks, 0, 0, 0)

    def open(self) -> Command:
        """A market order: by amount in a ticket market, by quantity in a netting one."""
        side = self.random.choice((Side.BUY, Side.SELL))
        sign = 1 if side is Side.BUY else -1
        exit_ticks = sign * self.mid_ticks // 50 if self.random.random() < 0.25 else 0
        return self.order(
            side,
            OrderType.MARKET,
            qty_lots=self.lots() if self.market.is_netting else 0,
            amount_atoms=0 if self.market.is_netting else self.random.randint(1, 200) * E8,
            stop_loss_ticks=self.mid_ticks - exit_ticks if exit_ticks else 0,
            take_profit_ticks=self.mid_ticks + exit_ticks if exit_ticks else 0,
        )

    def close(self) -> Command:
        """Close any position that is still open; open one if there is none."""
        while self.positions:
            account_id, position_id, side = swap_out(self.positions, self.random)
            if self.state.positions.get(position_id) is not None:
                closing = Side.SELL if side is Side.BUY else Side.BUY
                return self.order(
                    closing, OrderType.MARKET, account_id=account_id, position_id=position_id
                )
        return self.open()

    def refused(self) -> Command:
        """An order beyond the balance: it climbs nearly all of the ladder."""
        lots = 10 * self.market.lots_max * LEVERAGES[-1] * 5
        return self.order(Side.BUY, OrderType.LIMIT, qty_lots=lots, price_ticks=self.mid_ticks)

    def price(self) -> Command:
        """The next price of the walk."""
        step = round(self.random.gauss(0, self.mid_ticks / 10_000))
        self.mid_ticks = max(self.market.mid_ticks // 2, self.mid_ticks + step)
        return self.price_at(self.mid_ticks)

    def quiet_price(self) -> Command:
        """A price that moves by a tick, to and fro: nothing waits there."""
        return self.price_at(self.mid_ticks + self.row % 2)

    def price_at(self, mid_ticks: int) -> UpdatePrice:
        """A feed's price."""
        self.row += 1
        half = self.market.spread_ticks
        bid, ask = mid_ticks - half, mid_ticks + half
        return UpdatePrice(
            INSTRUMENT, "walk", self.row, False, bid, ask, mid_ticks, mid_ticks, mid_ticks
        )

    def lots(self) -> int:
        """From a hundredth to all of the largest order, small ones more often."""
        most = self.market.lots_max
        return max(1, int(most * self.random.random() ** 2))

    def order(
        self,
        side: Side,
        order_type: OrderType,
        account_id: AccountId | None = None,
        qty_lots: int = 0,
        amount_atoms: int = 0,
        price_ticks: int = 0,
        position_id: PositionId = PositionId(0),  # noqa: B008 - a plain integer
        stop_loss_ticks: int = 0,
        take_profit_ticks: int = 0,
        client_order_id: str = "",
    ) -> PlaceOrder:
        """An order; in a netting market its leverage is the account's setting."""
        ticket_opener = not self.market.is_netting and not position_id
        return PlaceOrder(
            self.account() if account_id is None else account_id,
            INSTRUMENT,
            side,
            order_type,
            TimeInForce.GTC,
            qty_lots,
            amount_atoms,
            price_ticks,
            0,
            PriceSource.MARK,
            self.random.choice(LEVERAGES) if ticket_opener else 0,
            False,
            False,
            position_id,
            stop_loss_ticks,
            take_profit_ticks,
            0,
            0,
            client_order_id,
            DIGEST if client_order_id else b"",
        )


def swap_out(items: list[T], random: Random) -> T:
    """Take any item out, in constant time."""
    place = random.randrange(len(items))
    items[place], items[-1] = items[-1], items[place]
    return items.pop()
