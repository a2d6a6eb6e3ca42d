"""A recording as commands: makers follow its depth, takers make its trades.

Knows what was recorded and what became of earlier commands; the same answers give the same
commands.
"""

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Final, final

from sortedcontainers import SortedDict

from engine.commands import (
    BUY,
    IOC,
    SELL,
    Command,
    Deposit,
    FundInsurance,
    ListInstrument,
    OpenAccount,
    PlaceOrder,
    SetLeverage,
    Side,
    UpdatePrice,
)
from engine.events import Event
from engine.instrument import InstrumentSpec
from engine.units import E8, AccountId
from tests.order_flow.makers import Level, Makers
from tests.order_flow.orders import INSTRUMENT, limit_order
from tests.order_flow.recording import Depth, Message, Quote, Sweep

MAKERS: Final = 64
TAKERS: Final = 48
WINDOW_SHARE: Final = 100  # levels further than one in so many from the first price are left out
STOP_SHARE: Final = 1_500
OPPOSITE: Final = {BUY: SELL, SELL: BUY}
# Makers and every third taker have plenty; of the other takers one kind is short of money and one
# lets go when the price turns.
PLENTY: Final = 300_000_000 * E8
THIN: Final = 1_500 * E8
CAREFUL: Final = 100_000 * E8
MONEY: Final = (PLENTY, THIN, CAREFUL)
LEVERAGE: Final = (20, 250, 100)
INSURANCE: Final = 5_000 * E8


def kind_of(taker: int) -> int:
    """A place in MONEY and LEVERAGE."""
    return taker % len(MONEY)


def opening_commands(spec: InstrumentSpec) -> Iterator[Command]:
    """The market, the accounts and their money."""
    yield ListInstrument(spec)
    for number in range(1, MAKERS + 1):
        yield OpenAccount(f"maker-{number}")
        yield Deposit(AccountId(number), "USDT", PLENTY, f"maker-{number}")
    for taker in range(TAKERS):
        account_id = AccountId(MAKERS + 1 + taker)
        yield OpenAccount(f"taker-{taker}")
        yield Deposit(account_id, "USDT", MONEY[kind_of(taker)], f"taker-{taker}")
        yield SetLeverage(account_id, INSTRUMENT, LEVERAGE[kind_of(taker)])
    yield FundInsurance("USDT", INSURANCE, "insurance")


@final
class Flow:
    """Commands for each message, given what became of those before.

    recorded: the book as the depth messages alone have it, near the first price.
    present: the same with quotes and trades since the last of them; by -price or price, so that
        the best comes first.
    """

    def __init__(self, seed: int) -> None:
        self.recorded: Final[dict[Side, dict[int, int]]] = {BUY: {}, SELL: {}}
        self.makers: Final = Makers([AccountId(n) for n in range(1, MAKERS + 1)], seed)
        self._present: Final[dict[Side, SortedDict[int, int]]] = {
            BUY: SortedDict(),
            SELL: SortedDict(),
        }
        self._strayed: Final[set[Level]] = set()
        self._seed: Final = seed
        self._window: Sequence[int] = range(0)
        self._last_ticks = 0
        self._mark_ticks = 0
        self._prices = 0

    def commands(self, message: Message) -> Iterator[Command]:
        """What one message amounts to.  Call `observe` after each command."""
        if isinstance(message, Depth):
            yield from self._depth(message)
        elif isinstance(message, Quote):
            yield from self._quote(message)
        else:
            yield from self._sweep(message)

    def observe(self, command: Command, events: Iterable[Event]) -> None:
        """What became of a command."""
        self.makers.observe(command, events)

    def _depth(self, depth: Depth) -> Iterator[Command]:
        """Depth covers all quotes and trades before it, so where those strayed it is right."""
        if depth.is_whole:
            self._begin(depth)
        for side, ticks, lots in depth.levels:
            if ticks in self._window:
                self._strayed.add((side, ticks))
                _put(self.recorded[side], ticks, lots)
        for side, ticks in sorted(self._strayed):
            self._set(side, ticks, self.recorded[side].get(ticks, 0))
        self._strayed.clear()
        mark_ticks = (self._best(BUY) + self._best(SELL)) // 2
        if mark_ticks != self._mark_ticks:
            self._mark_ticks = mark_ticks
            yield self._price()
        yield from self._follow()

    def _begin(self, depth: Depth) -> None:
        """Levels too far away are of no use to anybody, and beyond the price band."""
        middle = (depth.levels[0][1] + next(t for s, t, _ in depth.levels if s is SELL)) // 2
        away = middle // WINDOW_SHARE
        self._window = range(middle - away, middle + away)
        self._last_ticks = middle

    def _quote(self, quote: Quote) -> Iterator[Command]:
        for side, ticks, lots in (
            (BUY, quote.bid_ticks, quote.bid_lots),
            (SELL, quote.ask_ticks, quote.ask_lots),
        ):
            self._clear(side, ticks)
            self._set(side, ticks, lots)
        yield from self._follow()

    def _sweep(self, sweep: Sweep) -> Iterator[Command]:
        """First the book as it must have been, then the taker, then the book without what it
        took: a later depth message finds it gone, and nobody takes it away twice."""
        maker_side = OPPOSITE[sweep.side]
        best, worst = next(iter(sweep.trades)), next(reversed(sweep.trades))
        self._clear(sweep.side, best, inclusive=True)
        self._clear(maker_side, worst)
        for ticks, lots in sweep.trades.items():
            there = self._present[maker_side].get(_rank(maker_side, ticks), 0)
            self._set(maker_side, ticks, max(there, lots) if ticks == worst else lots)
        yield from self._follow()
        yield self._taker_order(sweep, worst)
        self._last_ticks = worst
        for ticks, lots in sweep.trades.items():
            there = self._present[maker_side][_rank(maker_side, ticks)]
            self._set(maker_side, ticks, there - lots)

    def _taker_order(self, sweep: Sweep, worst_ticks: int) -> PlaceOrder:
        taker = (sweep.trade_id * 2_654_435_761 + self._seed * 40_503 >> 8) % TAKERS
        away = worst_ticks // STOP_SHARE if kind_of(taker) == MONEY.index(CAREFUL) else 0
        stop_ticks = worst_ticks - away if sweep.side is BUY else worst_ticks + away
        return limit_order(
            AccountId(MAKERS + 1 + taker),
            sweep.side,
            sum(sweep.trades.values()),
            worst_ticks,
            IOC,
            stop_loss_ticks=stop_ticks if away else 0,
        )

    def _price(self) -> UpdatePrice:
        self._prices += 1
        bid, ask, last = self._best(BUY), self._best(SELL), self._last_ticks
        mark = self._mark_ticks
        return UpdatePrice(INSTRUMENT, "recorded", self._prices, False, bid, ask, last, mark, mark)

    def _best(self, side: Side) -> int:
        return abs(self._present[side].peekitem(0)[0])

    def _clear(self, side: Side, ticks: int, *, inclusive: bool = False) -> None:
        """Nothing is better than this price, or as good."""
        limit = _rank(side, ticks)
        levels = self._present[side]
        for rank in list(levels.irange(maximum=limit, inclusive=(True, inclusive))):
            self._set(side, abs(rank), 0)

    def _set(self, side: Side, ticks: int, lots: int) -> None:
        assert lots >= 0
        _put(self._present[side], _rank(side, ticks), lots)
        self._strayed.add((side, ticks))
        self.makers.moved.add((side, ticks))

    def _follow(self) -> Iterator[Command]:
        """Bring the makers' orders to the present book: what goes goes first, so that no maker
        meets another."""
        moved = sorted(self.makers.moved)
        self.makers.moved.clear()
        for level in moved:
            yield from self.makers.lower(level, self._present_lots(level))
        for level in moved:
            yield from self.makers.lift(level, self._present_lots(level))

    def _present_lots(self, level: Level) -> int:
        side, ticks = level
        lots: int = self._present[side].get(_rank(side, ticks), 0)
        return lots


def _rank(side: Side, ticks: int) -> int:
    """The best price of a side is the smallest."""
    return -ticks if side is BUY else ticks


def _put(levels: MutableMapping[int, int], key: int, lots: int) -> None:
    if lots:
        levels[key] = lots
    else:
        levels.pop(key, None)
