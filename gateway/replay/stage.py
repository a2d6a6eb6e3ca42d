"""An engine with two markets and their traders' money.  Knows commands; decides no trade.

Everything goes in as a numbered command, and into a journal if there is one, so that what a replay
did can be verified like any venue.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, final

from engine.codec import pack_command
from engine.commands import (
    Command,
    Deposit,
    FundInsurance,
    ListInstrument,
    OpenAccount,
    Side,
)
from engine.engine import Engine
from engine.events import Event
from engine.instrument import InstrumentSpec
from engine.market import Market
from engine.state import State
from engine.units import E8
from gateway.feeds.price_file import PriceRow
from gateway.feeds.quote import Quote
from gateway.listings import SETTLEMENT, perpetual_market, simple_market
from gateway.pricing.prices import price_command
from gateway.replay.habits import HABITS, chance
from gateway.replay.traders import Trader
from wal.directory import initialise
from wal.files import Files
from wal.recovery import recover
from wal.segment import LEDGER_ID_BYTES
from wal.writer import LogWriter, open_writer

INSURANCE_ATOMS: Final = 10_000 * E8
JOURNAL_BATCH: Final = 256

# Told of each command and its events, in order.
Watch = Callable[[Command, list[Event]], None]


@final
class Stage:
    """The engine, its journal if any, and where the traders act.

    watch: told of every command.
    """

    def __init__(self, watch: Watch, journal: LogWriter | None) -> None:
        self.engine: Final = Engine(State())
        self.state: Final = self.engine.state
        self.markets: Final[list[Market]] = []
        self.source = ""
        self._watch: Final = watch
        self._journal: Final = journal

    def apply(self, time_ns: int, command: Command) -> list[Event]:
        """Number a command, journal it, apply it.  Raises LogFailed."""
        sequence = self.state.sequence + 1
        journal = self._journal
        if journal is not None:
            journal.append(sequence, pack_command(time_ns, command))
            if journal.open_records >= JOURNAL_BATCH:
                journal.commit()
        events = self.engine.apply(sequence, time_ns, command)
        self._watch(command, events)
        return events

    def open_markets(self, base: str, time_ns: int) -> None:
        """List both markets of a base asset and fund the insurance."""
        specs: tuple[InstrumentSpec, ...] = (simple_market(base), perpetual_market(base))
        for spec in specs:
            self.apply(time_ns, ListInstrument(spec))
            market = self.state.market(self.state.symbols[spec.symbol])
            assert market is not None
            self.markets.append(market)
        self.apply(time_ns, FundInsurance(SETTLEMENT, INSURANCE_ATOMS, "replay-insurance"))

    def seat_traders(self, count: int, rng: Random, time_ns: int) -> list[Trader]:
        """Accounts `trader-0001` and so on, each with a habit and the money that goes with it."""
        traders: list[Trader] = []
        for number in range(1, count + 1):
            habit = HABITS[rng.randrange(len(HABITS))]
            user_id = f"trader-{number:04d}"
            self.apply(time_ns, OpenAccount(user_id))
            belief = Side.BUY if chance(rng, 50) else Side.SELL
            trader = Trader(self.state.account_ids[user_id], user_id, habit, belief)
            amount_atoms = rng.randrange(*habit.deposit_units) * E8
            transfer_id = f"deposit-{number:04d}"
            self.apply(time_ns, Deposit(trader.account_id, SETTLEMENT, amount_atoms, transfer_id))
            traders.append(trader)
        return traders

    def move_prices(self, row: PriceRow) -> None:
        """One row of the price file, in both markets, at its own time."""
        time_ns = row.ts_ms * 1_000_000
        for market in self.markets:
            quote = Quote(market.spec.symbol, self.source, row.row, *row.prices)
            self.apply(time_ns, price_command(market, quote))

    def close(self) -> None:
        """Make the journal durable and let go of it.  Raises LogFailed."""
        if self._journal is not None:
            self._journal.close()


def new_journal(files: Files, directory: Path) -> LogWriter:
    """An empty journal in a new directory.  Raises LogExists, DataDirectoryLocked, LogFailed."""
    initialise(files, directory, secrets.token_bytes(LEDGER_ID_BYTES))
    return open_writer(files, recover(files, directory))
