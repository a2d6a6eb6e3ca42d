"""A listed instrument at work: its prices, its price levels, its seats."""

from typing import TYPE_CHECKING, Final, final

from engine.commands import BUY, PriceSource, Side
from engine.instrument import (
    LEVERAGE_MAX,
    TRADING,
    FeeBasis,
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    PositionMode,
    largest_position_lots,
    largest_price_ticks,
)
from engine.margin import TierRate, notional_cap_atoms, tier_rates
from engine.order_book import OrderBook
from engine.price_levels import NEVER_RISES, PriceLevels
from engine.seat import Seat
from engine.trailing import TrailingStops
from engine.units import E8, NOBODY, AccountId, AssetId, InstrumentId, div_ceil, div_floor

if TYPE_CHECKING:
    from engine.cross import CrossAccount

BID: Final = 0
ASK: Final = 1
LAST: Final = 2
MARK: Final = 3
INDEX: Final = 4


@final
class FeeRates:
    """What a fee tier pays in one market, in 10^-8; a negative maker rate is a rebate."""

    __slots__ = ("maker_e8", "taker_e8")

    def __init__(self) -> None:
        self.maker_e8 = 0
        self.taker_e8 = 0


@final
class Market:
    """One instrument's state.

    prices: bid, ask, last, mark, index in ticks, by PriceSource; all 0 before the first.  In an
        order-driven market bid and ask stay 0: the book has them.
    processed: the prices at which everything due has fired; behind `prices` only while halted.
    candidate, candidate_count: the last update that was not believed, and how many in a row
        confirm each other.
    is_cross: keys start in cross margin.
    fees: the instrument's own rates.  tier_fees: by fee tier, those of the tiers that have others.
    tier_of: the fee tiers of all accounts of the venue that have one.
    next_funding_ns: the next funding stamp, 0 for none.
    premium_sum_e8, premium_count: of the samples since the last stamp.
    falling, rising: by PriceSource, what fires as that price falls or rises.  In an order-driven
        market the bids are falling[ASK] and the asks rising[BID], and no price fires them.
    watched: the levels that prices pass.
    trailing: what follows prices, by source and direction, once somebody asked for it.
    """

    __slots__ = (
        "asset_id",
        "book",
        "candidate",
        "candidate_count",
        "close_fee_e8",
        "falling",
        "fee_on_margin",
        "fees",
        "has_maintenance",
        "instrument_id",
        "is_cross",
        "is_order_driven",
        "k",
        "next_funding_ns",
        "notional_caps",
        "open_positions",
        "position_lots_max",
        "premium_count",
        "premium_sum_e8",
        "price_ticks_max",
        "price_time_ns",
        "prices",
        "processed",
        "rates",
        "rising",
        "seats",
        "source",
        "source_sequence",
        "spec",
        "status",
        "tier_fees",
        "tier_of",
        "trailing",
        "waiting_accounts",
        "watched",
    )

    def __init__(
        self, instrument_id: InstrumentId, asset_id: AssetId, spec: InstrumentSpec
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.asset_id: Final = asset_id
        self.status = TRADING
        self.prices = [0, 0, 0, 0, 0]
        self.processed = [0, 0, 0, 0, 0]
        self.price_time_ns = 0
        self.source = ""
        self.source_sequence = 0
        self.candidate = [0, 0, 0, 0, 0]
        self.candidate_count = 0
        self.open_positions = 0
        self.next_funding_ns = 0
        self.premium_sum_e8 = 0
        self.premium_count = 0
        # By account id: in trouble, and to be looked at when this market has its next price.
        self.waiting_accounts: Final[dict[AccountId, CrossAccount]] = {}
        self.falling: Final = [PriceLevels(source, True) for source in PriceSource]
        self.rising: Final = [PriceLevels(source, False) for source in PriceSource]
        # By account id; a list, because a dict of a million stops the process when it grows.
        self.seats: Final[list[Seat | None]] = []
        self.is_cross: Final = spec.margin_mode is MarginMode.CROSS
        self.is_order_driven: Final = spec.market is MarketStructure.ORDER_DRIVEN
        self.book: Final = (
            OrderBook(self.falling[ASK], self.rising[BID]) if self.is_order_driven else None
        )
        first = LAST if self.is_order_driven else BID
        self.watched: Final = self.falling[first:] + self.rising[first:]
        self.trailing: Final[list[TrailingStops]] = []
        self.fee_on_margin: Final = spec.fee_basis is FeeBasis.MARGIN
        self.k: Final = spec.atoms_per_tick_lot()
        self.fees: Final = FeeRates()
        self.tier_fees: Final[dict[int, FeeRates]] = {}
        self.tier_of: dict[AccountId, int] = {}
        self.spec = spec
        self.rates: list[TierRate] = []
        self.close_fee_e8 = 0
        self.has_maintenance = False
        self.notional_caps: list[int] = []
        self.price_ticks_max = 0
        self.position_lots_max = 0
        self.set_spec(spec)

    def set_spec(self, spec: InstrumentSpec) -> None:
        """Take new settings, and what is derived from them."""
        self.spec = spec
        self.fees.maker_e8 = spec.maker_fee_e8
        self.fees.taker_e8 = spec.taker_fee_e8
        self.rates = tier_rates(spec)
        self.close_fee_e8 = spec.taker_fee_e8 if spec.close_fee_reserved else 0
        self.has_maintenance = self.close_fee_e8 > 0 or spec.tiers[-1].maintenance_e8 > 0
        self.price_ticks_max = largest_price_ticks(spec)
        # By leverage; an order placed before the highest leverage was lowered still finds its cap.
        self.notional_caps = [notional_cap_atoms(spec, x) for x in range(LEVERAGE_MAX + 1)]
        self.position_lots_max = largest_position_lots(spec)

    def seat(self, account_id: AccountId) -> Seat:
        """The account's seat, made when first asked for."""
        seats = self.seats
        if account_id >= len(seats):
            seats.extend([None] * (account_id + 1 - len(seats)))
        seat = seats[account_id]
        if seat is None:
            mode = PositionMode.NETTING if account_id == NOBODY else self.spec.position_mode
            seat = Seat(account_id, self, mode)
            seats[account_id] = seat
        return seat

    def fees_of(self, account_id: AccountId) -> FeeRates:
        """What an account pays here: its tier's rates, if that has any, else the instrument's."""
        tier = self.tier_of.get(account_id)
        return self.fees if tier is None else self.tier_fees.get(tier, self.fees)

    def set_tier_fees(self, tier: int, maker_fee_e8: int, taker_fee_e8: int) -> None:
        """The rates of a fee tier."""
        fees = self.tier_fees.setdefault(tier, FeeRates())
        fees.maker_e8 = maker_fee_e8
        fees.taker_e8 = taker_fee_e8

    def trailing_stops(self, levels: PriceLevels) -> TrailingStops:
        """Those that wait in these levels, made when first asked for."""
        for stops in self.trailing:
            if stops.levels is levels:
                return stops
        stops = TrailingStops(levels)
        self.trailing.append(stops)
        return stops

    def follow(self, source: int) -> None:
        """A price moved: what trails it follows (TRL-3)."""
        for stops in self.trailing:
            if stops.levels.source == source:
                stops.follow(self.prices[source])

    def existing_seat(self, account_id: AccountId) -> Seat | None:
        """The account's seat, if it ever had one."""
        return self.seats[account_id] if account_id < len(self.seats) else None

    def is_stale(self, time_ns: int) -> bool:
        """Whether the last accepted price is too old to trade on."""
        stale_after_ns = self.spec.stale_after_ns
        return stale_after_ns > 0 and time_ns - self.price_time_ns > stale_after_ns

    def has_price(self) -> bool:
        """Whether a price was ever accepted."""
        return self.prices[MARK] != 0

    def touch_ticks(self, side: Side) -> int:
        """The best price an order of this side could take; 0 if there is none."""
        book = self.book
        if book is None:
            return self.prices[ASK if side is BUY else BID]
        if side is BUY:
            best_ticks = book.asks.best_ticks
            return 0 if best_ticks == NEVER_RISES else best_ticks
        return book.bids.best_ticks

    def crosses(self, side: Side, limit_ticks: int) -> bool:
        """Whether an order of this side with this limit would take something on arrival."""
        touch_ticks = self.touch_ticks(side)
        if touch_ticks == 0:
            return False
        return limit_ticks >= touch_ticks if side is BUY else limit_ticks <= touch_ticks

    def protection_ticks(self, side: Side) -> int:
        """The worst price at which a market order of this side trades: the band around mark."""
        mark_ticks, band_e8 = self.prices[MARK], self.spec.price_band_e8
        if side is BUY:
            return min(self.price_ticks_max, div_floor(mark_ticks * (E8 + band_e8), E8))
        return div_ceil(mark_ticks * (E8 - band_e8), E8)

    @property
    def bid_ticks(self) -> int:
        """The best price the house buys at; 0 before the first price."""
        return self.prices[BID]

    @property
    def ask_ticks(self) -> int:
        """The best price the house sells at; 0 before the first price."""
        return self.prices[ASK]

    @property
    def last_ticks(self) -> int:
        """The last trade's price; 0 before the first price."""
        return self.prices[LAST]

    @property
    def mark_ticks(self) -> int:
        """The price at which positions are valued; 0 before the first price."""
        return self.prices[MARK]

    @property
    def index_ticks(self) -> int:
        """The spot index behind the mark; 0 before the first price."""
        return self.prices[INDEX]
