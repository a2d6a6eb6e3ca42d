"""Perpetual markets with the traders of a replay of candles.  Knows commands; decides no trade.

Every market has tiers, cross margin unless a trader chooses otherwise, and funding.  A published
rate becomes the market's interest just before its stamp, with a clamp and a cap that never bind:
nobody samples a premium, so the engine settles exactly the published rate (FUN-3), by journaled
commands.
"""

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple, final

from engine.codec import INSTRUMENT_FIELDS, instrument_from_row, instrument_row
from engine.commands import (
    ChangeInstrument,
    Command,
    Deposit,
    FundInsurance,
    Leg,
    ListInstrument,
    OpenAccount,
    SetLeverage,
    SetMarginMode,
    Side,
)
from engine.events import Rejected
from engine.instrument import RATE_E8_MAX, InstrumentSpec, MarginMode, MarketStructure
from engine.market import Market
from engine.units import E8, NOBODY, AccountId
from gateway.decimals import text_from_e8
from gateway.feeds.feed import FeedFault
from gateway.feeds.quote import Quote
from gateway.listings import SETTLEMENT, order_driven_market
from gateway.pricing.prices import price_command
from gateway.replay import candle_maker
from gateway.replay.candle_path import Step
from gateway.replay.habits import CANDLE_HABITS, chance, draw
from gateway.replay.stage import Stage, Watch
from gateway.replay.traders import Trader
from wal.writer import LogWriter

NS_PER_MS: Final = 1_000_000
QTY_LOTS_MAX: Final = 10_000_000  # of an order: 10,000 coins, as a coin was worth 100 once
CROSS_PERCENT: Final = 50
BOTH_MARKETS_PERCENT: Final = 60
BULLS_PERCENT: Final = 60


class RateRefused(FeedFault):
    """A published funding rate that no market can settle at."""


class Seated(NamedTuple):
    """A trader and the two markets that it looks at, which may be one and the same."""

    trader: Trader
    markets: list[Market]
    margin_mode: MarginMode

    def description(self) -> str:
        """How its positions are margined, and in how many markets."""
        count = "one market" if self.markets[0] is self.markets[1] else "two markets"
        return f"{self.margin_mode.name.lower()}, {count}"


@final
class CandleStage:
    """A stage with one market per recorded series, in their order.

    maker_id: the account that quotes order-driven markets, or NOBODY where the house fills.
    brought_atoms: what the insurance fund and the maker began with.
    """

    def __init__(self, watch: Watch, journal: LogWriter | None, depth_atoms: int) -> None:
        self.stage: Final = Stage(watch, journal)
        self.state: Final = self.stage.state
        self.markets: Final = self.stage.markets
        self.maker_id = NOBODY
        self.brought_atoms = 0
        self._depth_atoms: Final = depth_atoms
        self._rows: Final[list[int]] = []

    def open_market(
        self, base: str, structure: MarketStructure, candle_ms: int, funded: bool, time_ns: int
    ) -> None:
        """List a market; a price in it is good for as long as a candle lasts.

        funded: its funding rates are published ones.
        """
        settings = {
            "market": structure,
            "margin_mode": MarginMode.CROSS,
            "qty_lots_max": QTY_LOTS_MAX,
            "stale_after_ns": candle_ms * NS_PER_MS,
        }
        if funded:
            settings |= {"funding_clamp_e8": RATE_E8_MAX - 1, "funding_cap_e8": RATE_E8_MAX - 1}
        spec = changed(order_driven_market(base), settings)
        self.stage.apply(time_ns, ListInstrument(spec))
        market = self.state.market(self.state.symbols[spec.symbol])
        assert market is not None
        self.markets.append(market)
        self._rows.append(0)

    def fund(self, insurance_atoms: int, time_ns: int) -> None:
        """Pay into the insurance fund and, where users trade with each other, seat the maker."""
        self.brought_atoms = insurance_atoms
        if insurance_atoms:
            command = FundInsurance(SETTLEMENT, insurance_atoms, "replay-insurance")
            self.stage.apply(time_ns, command)
        if not self.markets[0].is_order_driven:
            return
        self.brought_atoms += candle_maker.DEPOSIT_ATOMS
        self.maker_id = self._account(candle_maker.USER_ID, candle_maker.DEPOSIT_ATOMS, time_ns)
        self.choose(self.maker_id, self.markets, MarginMode.CROSS, time_ns)

    def seat_traders(self, count: int, rng: Random, time_ns: int) -> list[Seated]:
        """Accounts `trader-0001` and so on: cross or isolated, in one market or in two."""
        return [self._seat(number, rng, time_ns) for number in range(1, count + 1)]

    def _seat(self, number: int, rng: Random, time_ns: int) -> Seated:
        habit = CANDLE_HABITS[rng.randrange(len(CANDLE_HABITS))]
        user_id = f"trader-{number:04d}"
        account_id = self._account(user_id, draw(rng, habit.deposit_units) * E8, time_ns)
        belief = Side.BUY if chance(rng, BULLS_PERCENT) else Side.SELL
        margin_mode = MarginMode.CROSS if chance(rng, CROSS_PERCENT) else MarginMode.ISOLATED
        chosen = self.markets[:2]
        # Who chases a price remembers its range, so it keeps to one market.
        if habit.chases or len(chosen) < 2 or not chance(rng, BOTH_MARKETS_PERCENT):
            chosen = [self.markets[rng.randrange(len(self.markets))]]
        self.choose(account_id, chosen, margin_mode, time_ns)
        for market in chosen:
            leverage = draw(rng, habit.leverage)
            self.stage.apply(time_ns, SetLeverage(account_id, market.instrument_id, leverage))
        trader = Trader(account_id, user_id, habit, belief)
        return Seated(trader, [chosen[0], chosen[-1]], margin_mode)

    def choose(
        self, account_id: AccountId, markets: Sequence[Market], mode: MarginMode, time_ns: int
    ) -> None:
        """Have the account's positions there stand alone, or for each other."""
        for market in markets:
            command = SetMarginMode(account_id, market.instrument_id, Leg.NONE, mode)
            self.stage.apply(time_ns, command)

    def _account(self, user_id: str, amount_atoms: int, time_ns: int) -> AccountId:
        self.stage.apply(time_ns, OpenAccount(user_id))
        account_id = self.state.account_ids[user_id]
        deposit = Deposit(account_id, SETTLEMENT, amount_atoms, f"deposit-{user_id}")
        self.stage.apply(time_ns, deposit)
        return account_id

    def publish_rate(self, place: int, rate_e8: int, time_ns: int) -> None:
        """Let a market's next stamp settle at this rate.  Raises RateRefused."""
        market = self.markets[place]
        spec = changed(market.spec, {"funding_interest_e8": rate_e8})
        events = self.stage.apply(time_ns, ChangeInstrument(market.instrument_id, spec))
        for event in events:
            if isinstance(event, Rejected):
                rate = f"a published funding rate of {text_from_e8(rate_e8)}"
                raise RateRefused(f"{market.spec.base}: {rate} is refused: {event.reason.name}")

    def has_prices(self) -> bool:
        """Whether every market has had one."""
        return all(market.has_price() for market in self.markets)

    def move(self, place: int, source: str, step: Step) -> None:
        """One update of a market; where there is a maker, it quotes around the mark first.

        Candles hold trades and no quotes: house and maker are taken to quote at the mark, which a
        single trade far away does not move.
        """
        market = self.markets[place]
        time_ns = step.ts_ms * NS_PER_MS
        self._rows[place] += 1
        last, mark = step.last_e8, step.mark_e8
        quote = Quote(market.spec.symbol, source, self._rows[place], mark, mark, last, mark, mark)
        update = price_command(market, quote)
        quotes: tuple[Command, ...] = ()
        if self.maker_id != NOBODY:
            depth_atoms = self._depth_atoms
            quotes = candle_maker.requote(market, self.maker_id, update.mark_ticks, depth_atoms)
        # Nobody can quote before the first price.
        in_order = (*quotes, update) if market.has_price() else (update, *quotes)
        for command in in_order:
            self.stage.apply(time_ns, command)


def changed(spec: InstrumentSpec, settings: dict[str, int]) -> InstrumentSpec:
    """The same instrument with other settings, by the names of its fields."""
    row = list(instrument_row(spec))
    for name, value in settings.items():
        row[INSTRUMENT_FIELDS.index(name)] = value
    return instrument_from_row(row)
