"""The venue as `fulcrum serve` runs it, furnished for a load: accounts, tokens, money, a price.

Knows the gateway's own entry point and adds nothing to it.  Started by `servers.py`; says on
standard output where it listens.  Its price does not go stale and its rate limits are out of reach.
"""

import json
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from engine.codec import INSTRUMENT_FIELDS, instrument_from_row, instrument_row
from engine.commands import (
    Command,
    Deposit,
    IssueToken,
    ListInstrument,
    OpenAccount,
    Scope,
    UpdatePrice,
)
from engine.events import Event, Rejected
from engine.instrument import ORDERS_MAX, InstrumentSpec
from engine.units import E8, AccountId, InstrumentId
from gateway.app import Addresses, run
from gateway.authentication import token_hash
from gateway.config import Config
from gateway.listings import simple_market
from gateway.logs import configure
from gateway.venue import Venue
from wal.directory import initialise
from wal.files import Files

MID_TICKS: Final = 6_000_000
DEPOSIT_ATOMS: Final = 10_000_000 * E8
# Several, so that no account reaches the most orders that it may have open in one.
SYMBOLS: Final = tuple(f"B{number}/USDT" for number in range(8))


def token_of(number: int) -> str:
    """The token of the account of this number."""
    return f"bench-token-{number:09d}"


def patient_market(symbol: str) -> InstrumentSpec:
    """The demo's ticket market, but a price is good for ever and an account may rest 10,000."""
    row = list(instrument_row(simple_market("BTC")))
    row[INSTRUMENT_FIELDS.index("symbol")] = symbol
    row[INSTRUMENT_FIELDS.index("stale_after_ns")] = 0
    row[INSTRUMENT_FIELDS.index("orders_max")] = ORDERS_MAX
    return instrument_from_row(row)


def furniture(accounts: int) -> list[Command]:
    """What is entered before anybody connects."""
    commands: list[Command] = [ListInstrument(patient_market(symbol)) for symbol in SYMBOLS]
    for number in range(1, accounts + 1):
        account_id = AccountId(number)
        commands.append(OpenAccount(f"bench-{number}"))
        commands.append(Deposit(account_id, "USDT", DEPOSIT_ATOMS, f"first-{number}"))
        hashed = token_hash(token_of(number))
        commands.append(IssueToken(account_id, hashed, Scope.READ | Scope.TRADE))
    prices = (MID_TICKS - 50, MID_TICKS + 50, MID_TICKS, MID_TICKS, MID_TICKS)
    for number in range(1, len(SYMBOLS) + 1):
        commands.append(UpdatePrice(InstrumentId(number), "", 0, True, *prices))
    return commands


def accepted(_sequence: int, _time_ns: int, events: list[Event]) -> object:
    """None may be refused."""
    return not any(isinstance(event, Rejected) for event in events)


def serve(directory: Path, accounts: int) -> None:
    """Serve until the end of the process."""
    initialise(Files(), directory, os.urandom(16))
    values = {
        "server": {"port": 0, "admin_port": 0},
        "journal": {"data": str(directory)},
        "limits": {"requests_per_second": 1_000_000, "burst": 1_000_000},
        "feed": {"spec": "none"},
        "snapshots": {"by": "none"},
        "log": {"level": "error", "format": "json"},
    }
    config = msgspec.convert(values, Config)
    configure(config.log.level, config.log.format)

    async def prepare(venue: Venue) -> None:
        for command in furniture(accounts):
            assert await venue.sequencer.submit(command, accepted), command

    def ready(addresses: Addresses) -> None:
        print(json.dumps({"port": addresses.port}), flush=True)

    run(config, False, prepare, ready)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
