"""Venues of perpetual markets and of accounts that trade in them, made through commands alone.

Knows the grid of its markets and what an order there costs; knows no clock: the times are made up.
"""

from typing import Final

from bench.trading import START_NS, STEP_NS
from engine.codec import INSTRUMENT_FIELDS, instrument_from_row, instrument_row
from engine.commands import (
    GTC,
    LIMIT,
    MARKET,
    Command,
    Deposit,
    FundInsurance,
    ListInstrument,
    OpenAccount,
    PlaceOrder,
    PriceSource,
    Side,
    UpdatePrice,
)
from engine.engine import Engine
from engine.events import Event, Rejected
from engine.instrument import InstrumentSpec, MarginMode, MarketStructure, perpetual_instrument
from engine.state import State
from engine.units import E8, AccountId, InstrumentId, PositionId

ASSET: Final = "USDT"
TICK_SIZE_E8: Final = 10_000_000  # 0.1 USDT
LOT_SIZE_E8: Final = 100_000  # 0.001 of the base
LOT_ATOMS_PER_TICK: Final = TICK_SIZE_E8 * LOT_SIZE_E8 // E8


def listed(number: int, market: MarketStructure, margin_mode: MarginMode) -> InstrumentSpec:
    """The perpetual profile, its fees and tiers; the symbol says its number."""
    base = f"S{number}"
    spec = perpetual_instrument(f"{base}/{ASSET}", base, ASSET, TICK_SIZE_E8, LOT_SIZE_E8)
    row = list(instrument_row(spec))
    row[INSTRUMENT_FIELDS.index("market")] = market
    row[INSTRUMENT_FIELDS.index("margin_mode")] = margin_mode
    return instrument_from_row(row)


class Perpetuals:
    """An engine, and the commands that furnish it; each is applied at once and must pass."""

    def __init__(self) -> None:
        self.engine: Final = Engine(State())
        self.state: Final = self.engine.state
        self._price_row = 0

    def apply(self, command: Command) -> list[Event]:
        """Apply a command, which is not refused."""
        sequence = self.state.sequence + 1
        events = self.engine.apply(sequence, self.time_ns(sequence), command)
        assert not isinstance(events[-1], Rejected), (command, events[-1].reason)
        return events

    def time_ns(self, sequence: int) -> int:
        """The made-up time of a command."""
        return START_NS + sequence * STEP_NS

    def list_market(self, market: MarketStructure, margin_mode: MarginMode) -> InstrumentId:
        """One more market, without a price."""
        number = len(self.state.markets)
        self.apply(ListInstrument(listed(number, market, margin_mode)))
        return InstrumentId(number)

    def open_account(self, deposit_atoms: int) -> AccountId:
        """One more account, with money."""
        number = len(self.state.accounts)
        self.apply(OpenAccount(f"trader-{number}"))
        self.apply(Deposit(AccountId(number), ASSET, deposit_atoms, f"first-{number}"))
        return AccountId(number)

    def insure(self, amount_atoms: int) -> None:
        """Pay into the insurance fund, once."""
        self.apply(FundInsurance(ASSET, amount_atoms, "insurance"))

    def price(self, instrument_id: InstrumentId, ticks: int) -> UpdatePrice:
        """The next price of the feed; bid, ask, last, mark and index are one."""
        self._price_row += 1
        prices = (ticks, ticks, ticks, ticks, ticks)
        return UpdatePrice(instrument_id, "feed", self._price_row, False, *prices)

    def trade(
        self,
        account_id: AccountId,
        instrument_id: InstrumentId,
        side: Side,
        lots: int,
        leverage: int = 0,
        price_ticks: int = 0,
    ) -> None:
        """A limit order at a price, or, without one, a market order.

        leverage: of the key, if nothing uses it yet; 0 leaves it.
        """
        self.apply(
            PlaceOrder(
                account_id,
                instrument_id,
                side,
                LIMIT if price_ticks else MARKET,
                GTC,
                lots,
                0,
                price_ticks,
                0,
                PriceSource.MARK,
                leverage,
                False,
                False,
                PositionId(0),
                0,
                0,
                0,
                0,
                "",
                b"",
            )
        )


def lots_worth(notional_atoms: int, ticks: int) -> int:
    """The most lots whose value at a price is at most this; at least one."""
    return max(1, notional_atoms // (ticks * LOT_ATOMS_PER_TICK))
