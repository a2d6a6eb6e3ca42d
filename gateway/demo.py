"""The demo: three markets, two funded users, their tokens in a file.  Knows no listener.

Everything goes in through the sequencer and only where it is missing, so that a restart, or one in
the middle of the first start, changes nothing that is there.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

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
from gateway.app import Addresses, Prepare
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


def preparation(directory: Path, tokens: Tokens, is_ours: bool) -> Prepare:
    """Enters what is missing.

    is_ours: the file of tokens was there before, so that a demo began this venue.
    """

    async def prepare(venue: Venue) -> None:
        state = venue.state
        if state.sequence > 0 and not is_ours and INSURANCE_ID not in state.transfers:
            raise ForeignVenue(directory)
        for command in missing_commands(state, tokens):
            await venue.sequencer.submit(command, _must_be_accepted)

    return prepare


def _must_be_accepted(_sequence: int, _time_ns: int, events: list[Event]) -> None:
    assert not any(isinstance(event, Rejected) for event in events)


def welcome(directory: Path, tokens: Tokens, addresses: Addresses) -> str:
    """What to try first, ready to be copied."""
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

Ctrl-C stops cleanly; the next start has everything in place.
"""
