"""What came true in a command, and the way its prices go.  Knows places; fires nothing.

The order of things that fire is that of FIR-3 and FIR-4.
"""

from heapq import heapify, heappop, heappush
from typing import Final, final

from engine.commands import PriceSource
from engine.cross import BandEdge, CrossAccount
from engine.market import MARK, Market
from engine.order import Order
from engine.position import LIQUIDATION, PositionTrigger
from engine.price_levels import Entry, PriceLevels
from engine.trailing import Group
from engine.units import div_floor

# place, class, priority, kind, parent order id, arming, serial, entry: the first five tell all
# entries apart; the serial tells an entry from itself, when two trades make it true.
Firing = tuple[int, int, int, int, int, int, int, Entry]

CLOSERS: Final = 0
LIQUIDATIONS: Final = 1
OPENERS: Final = 2


@final
class FiringQueue:
    """What came true in the running command, and the way the prices go in it.

    place_now: the place of what is firing; what it arms comes no earlier.
    left_bands: cross accounts one of whose bands a price left; they are checked afterwards.
    passed_groups: trailing stops of which trades passed some, and where they wait.
    travelling: the market whose prices go the way; in all others nothing moved (FIR-3).
    old_prices: where the way begins.  scales: by source, what makes distances on that source
        comparable with those on the others, so that places are exact integers.
    """

    __slots__ = (
        "heap",
        "left_bands",
        "old_prices",
        "passed_groups",
        "place_now",
        "scales",
        "serial",
        "travelling",
    )

    def __init__(self) -> None:
        self.heap: Final[list[Firing]] = []
        self.left_bands: Final[list[CrossAccount]] = []
        self.passed_groups: Final[dict[Group, PriceLevels]] = {}
        self.place_now = 0
        self.serial = 0
        self.travelling: Market | None = None
        self.old_prices = [0, 0, 0, 0, 0]
        self.scales = [0, 0, 0, 0, 0]

    def begin_travel(self, market: Market) -> None:
        """Queue everything that the prices pass from the processed to the present values.

        `|trigger − old| / |new − old|` of each source is brought to one denominator, the product
        of all the distances.
        """
        self._call_waiting(market)
        prices = market.prices
        passed = [
            levels
            for levels in market.watched
            if levels.is_passed(prices[levels.source], levels.best_ticks)
        ]
        if not passed and not self.left_bands:
            return
        moves = [abs(new - old) for new, old in zip(prices, market.processed, strict=True)]
        product = 1
        for move in moves:
            product *= move or 1
        self.scales = [exact_quotient(product, move) if move else 0 for move in moves]
        self.old_prices = market.processed
        self.travelling = market
        for levels in passed:
            for entry in levels.passed(prices[levels.source]):
                if isinstance(entry, BandEdge):
                    self.left_bands.append(entry.account)
                elif isinstance(entry, Group):
                    for member in entry.passed(levels, prices[levels.source]):
                        self.heap.append(self.item(levels, member))
                else:
                    self.heap.append(self.item(levels, entry))
        heapify(self.heap)

    def _call_waiting(self, market: Market) -> None:
        """The accounts that wait for a price of this market are looked at."""
        if market.waiting_accounts:
            self.left_bands.extend(market.waiting_accounts.values())
            market.waiting_accounts.clear()

    def leave_bands(self, market: Market) -> None:
        """Note the cross accounts whose bands the mark has left, and nothing else."""
        self._call_waiting(market)
        mark_ticks = market.prices[MARK]
        for levels in (market.falling[MARK], market.rising[MARK]):
            if levels.is_passed(mark_ticks, levels.best_ticks):
                for entry in levels.passed(mark_ticks):
                    if isinstance(entry, BandEdge):
                        self.left_bands.append(entry.account)

    def take(self) -> Entry | None:
        """The entry whose turn it is; None if it is gone, or was armed anew meanwhile."""
        place, _, _, _, _, arming, _, entry = heappop(self.heap)
        if entry.levels is None or entry.arming != arming:
            return None
        entry.queued_arming = 0
        self.place_now = place
        return entry

    def end(self) -> None:
        """Forget the way: from here on the place of everything is 0."""
        self.heap.clear()
        self.passed_groups.clear()
        self.place_now = 0
        self.serial = 0
        self.travelling = None
        self.scales = [0, 0, 0, 0, 0]

    def push(self, levels: PriceLevels, entry: Entry) -> None:
        """Queue an entry whose condition is true, unless it is queued since it was armed."""
        if entry.queued_arming != entry.arming:
            heappush(self.heap, self.item(levels, entry))

    def push_passed(self, market: Market, source: PriceSource, old_ticks: int) -> None:
        """Queue what this source's present value makes true and the old one did not.

        Of a group of trailing stops some came true before, perhaps, and others do now.
        """
        price_ticks = market.prices[source]
        both = market.falling[source], market.rising[source]
        for levels in both:
            if levels.is_passed(price_ticks, levels.best_ticks):
                for entry in levels.passed_since(old_ticks, price_ticks):
                    if isinstance(entry, Group):
                        self.passed_groups[entry] = levels
                    else:
                        self.push(levels, entry)
        for group, levels in self.passed_groups.items():
            if group.levels is not levels or levels not in both:
                continue
            if levels.is_passed(price_ticks, group.key_ticks):
                for member in group.passed(levels, price_ticks):
                    self.push(levels, member)

    def item(self, levels: PriceLevels, entry: Entry) -> Firing:
        """The entry with its rank in the queue."""
        self.serial += 1
        serial = self.serial
        entry.queued_arming = entry.arming
        place = self.place_now
        scale = self.scales[levels.source]
        if scale and market_of(entry) is self.travelling:
            old_ticks = self.old_prices[levels.source]
            way = old_ticks - entry.key_ticks if levels.falls else entry.key_ticks - old_ticks
            if way > 0:
                place = max(place, way * scale)
        if isinstance(entry, Order):
            order_class = CLOSERS if entry.closing else OPENERS
            return place, order_class, entry.priority, 0, 0, entry.arming, serial, entry
        assert isinstance(entry, PositionTrigger)
        kind = entry.kind
        trigger_class = LIQUIDATIONS if kind is LIQUIDATION else CLOSERS
        parent = 0 if entry.pair is None else entry.pair.parent_order_id
        position_id = entry.position.position_id
        return place, trigger_class, position_id, int(kind), parent, entry.arming, serial, entry


def market_of(entry: Entry) -> Market:
    """Where an order, or a position's trigger, waits."""
    if isinstance(entry, Order):
        return entry.market
    assert isinstance(entry, PositionTrigger)
    return entry.position.market


def exact_quotient(product: int, factor: int) -> int:
    """The product without one of its factors."""
    quotient = div_floor(product, factor)
    assert quotient * factor == product
    return quotient
