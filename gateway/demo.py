"""The demo: three markets, two funded users, their tokens in a file.  Knows no listener.

Everything goes in through the sequencer and only where it is missing, so that a restart, or one in
the middle of the first start, changes nothing that is there.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

import msgspec

from engine.commands import (
    Command,
    Deposit,
    FundInsurance,
    IssueToken,
    ListInstrument,
    OpenAccount,
    Scope,
)
from engine.events import Event, Rejected
from engine.state import State
from engine.units import E8, NOBODY
from gateway.app import Addresses
from gateway.authentication import new_token, token_hash
from gateway.listings import SETTLEMENT, perpetual_market, simple_market
from gateway.venue import Venue
from wal.files import Files

TOKENS_FILE: Final = "demo-tokens.json"
USERS: Final = ("alice", "bob")
ADMIN: Final = "admin"
DEPOSIT_ATOMS: Final = 10_000 * E8
INSURANCE_ATOMS: Final = 100_000 * E8
INSURANCE_ID: Final = "demo-insurance"

Tokens = dict[str, str]


class ForeignVenue(Exception):
    """A venue with a history that no demo began: nothing is put into it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{directory} holds a venue of your own; serve it without --demo")


class TokensDamaged(Exception):
    """The file of tokens is not what was written; without it they are lost for good."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is damaged; remove it to get new tokens")


def demo_tokens(files: Files, directory: Path) -> Tokens:
    """The demo's tokens by name: read, or made and written for the owner's eyes only.

    Raises TokensDamaged, OSError.
    """
    path = directory / TOKENS_FILE
    if files.exists(path):
        try:
            tokens = msgspec.json.decode(files.read_file(path), type=Tokens)
        except msgspec.DecodeError:
            raise TokensDamaged(path) from None
        if set(tokens) != {*USERS, ADMIN}:
            raise TokensDamaged(path)
        return tokens
    tokens = {name: new_token()[0] for name in (*USERS, ADMIN)}
    files.write_file(path, json.dumps(tokens, indent=2).encode() + b"\n")
    return tokens


def missing_commands(state: State, tokens: Tokens) -> Iterator[Command]:
    """What makes a state the demo's, as far as it is not; apply each before asking for the next."""
    for spec in (simple_market("BTC"), simple_market("ETH"), perpetual_market("BTC")):
        if spec.symbol not in state.symbols:
            yield ListInstrument(spec)
    if INSURANCE_ID not in state.transfers:
        yield FundInsurance(SETTLEMENT, INSURANCE_ATOMS, INSURANCE_ID)
    for user in USERS:
        if user not in state.account_ids:
            yield OpenAccount(user)
        account_id = state.account_ids[user]
        transfer_id = f"demo-deposit-{user}"
        if transfer_id not in state.transfers:
            yield Deposit(account_id, SETTLEMENT, DEPOSIT_ATOMS, transfer_id)
        if token_hash(tokens[user]) not in state.tokens:
            yield IssueToken(account_id, token_hash(tokens[user]), Scope.READ | Scope.TRADE)
    if token_hash(tokens[ADMIN]) not in state.tokens:
        yield IssueToken(NOBODY, token_hash(tokens[ADMIN]), Scope.ADMIN)


@final
class Demo:
    """What `serve --demo` does around a venue in `directory`."""

    def __init__(self, files: Files, directory: Path) -> None:
        self._files: Final = files
        self._directory: Final = directory
        self._tokens: Tokens = {}

    async def prepare(self, venue: Venue) -> None:
        """Enter what is missing.  Raises ForeignVenue, TokensDamaged, OSError."""
        state = venue.state
        began_here = self._files.exists(self._directory / TOKENS_FILE)
        if state.sequence > 0 and not began_here and INSURANCE_ID not in state.transfers:
            raise ForeignVenue(self._directory)
        self._tokens = demo_tokens(self._files, self._directory)
        for command in missing_commands(state, self._tokens):
            await venue.sequencer.submit(command, _must_be_accepted)

    def welcome(self, addresses: Addresses) -> str:
        """What to try first, ready to be copied."""
        return welcome(self._directory, self._tokens, addresses)


def _must_be_accepted(_sequence: int, _time_ns: int, events: list[Event]) -> None:
    assert not any(isinstance(event, Rejected) for event in events)


def welcome(directory: Path, tokens: Tokens, addresses: Addresses) -> str:
    """The words of the first minute, with commands that work as they stand."""
    public = f"http://{addresses.host}:{addresses.port}"
    admin = f"http://{addresses.admin_host}:{addresses.admin_port}"
    alice = f"-H 'Authorization: Bearer {tokens['alice']}'"
    order = '{"symbol":"BTC/USDT","side":"BUY","orderType":"MARKET","amount":"100","leverage":10}'
    return f"""\
Fulcrum demo: {public}  (operator: {admin})
data: {directory}, tokens: {directory / TOKENS_FILE}

  alice  {tokens["alice"]}
  bob    {tokens["bob"]}
  admin  {tokens["admin"]}

Buy bitcoin with 100 USDT of margin at 10x, as alice, and look at the position:

curl -s {public}/api/orders {alice} -H 'Content-Type: application/json' -d '{order}'
curl -s {public}/api/positions {alice}

Ctrl-C stops cleanly; the next start has everything in place."""
