"""The demo: three markets, two funded users and a maker, their tokens in a file.

Knows no listener.

Everything goes in through the sequencer and only where it is missing, so that a restart, or one in
the middle of the first start, changes nothing that is there.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

import msgspec

from engine.commands import (
    ALL_INSTRUMENTS,
    CancelOrders,
    Command,
    Deposit,
    FundInsurance,
    IssueToken,
    ListInstrument,
    OpenAccount,
    Scope,
)
from engine.events import Event, Rejected
from engine.instrument import MarketStructure
from engine.market import Market
from engine.state import State, open_orders
from engine.units import E8, NOBODY
from gateway.app import Addresses
from gateway.authentication import new_token, token_hash
from gateway.demo_maker import DemoMaker
from gateway.listings import SETTLEMENT, order_driven_market, simple_market
from gateway.venue import Venue
from wal.files import Files

TOKENS_FILE: Final = "demo-tokens.json"
USERS: Final = ("alice", "bob")
ADMIN: Final = "admin"
MAKER: Final = "maker"
MADE_SYMBOL: Final = "BTC-PERP/USDT"
DEPOSIT_ATOMS: Final = 10_000 * E8
MAKER_ATOMS: Final = 1_000_000 * E8
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
        # A demo of before there was a maker has no token of it.
        if {*tokens, MAKER} != {*USERS, MAKER, ADMIN}:
            raise TokensDamaged(path)
        return tokens
    tokens = {name: new_token()[0] for name in (*USERS, MAKER, ADMIN)}
    files.write_file(path, json.dumps(tokens, indent=2).encode() + b"\n")
    return tokens


def missing_commands(state: State, tokens: Tokens) -> Iterator[Command]:
    """What makes a state the demo's, as far as it is not; apply each before asking for the next."""
    for spec in (simple_market("BTC"), simple_market("ETH"), order_driven_market("BTC")):
        if spec.symbol not in state.symbols:
            yield ListInstrument(spec)
    if INSURANCE_ID not in state.transfers:
        yield FundInsurance(SETTLEMENT, INSURANCE_ATOMS, INSURANCE_ID)
    for user in USERS:
        yield from _missing_user(state, user, DEPOSIT_ATOMS, tokens)
    if made_market(state) is not None:
        yield from _missing_user(state, MAKER, MAKER_ATOMS, tokens)
    if token_hash(tokens[ADMIN]) not in state.tokens:
        yield IssueToken(NOBODY, token_hash(tokens[ADMIN]), Scope.ADMIN)


def _missing_user(state: State, user: str, amount_atoms: int, tokens: Tokens) -> Iterator[Command]:
    if user not in state.account_ids:
        yield OpenAccount(user)
    account_id = state.account_ids[user]
    transfer_id = f"demo-deposit-{user}"
    if transfer_id not in state.transfers:
        yield Deposit(account_id, SETTLEMENT, amount_atoms, transfer_id)
    if user in tokens and token_hash(tokens[user]) not in state.tokens:
        yield IssueToken(account_id, token_hash(tokens[user]), Scope.READ | Scope.TRADE)


def made_market(state: State) -> Market | None:
    """The market that needs a maker; an older demo listed it with the house on the other side."""
    market = state.market(state.symbols.get(MADE_SYMBOL, 0))
    if market is None or market.spec.market is not MarketStructure.ORDER_DRIVEN:
        return None
    return market


@final
class Demo:
    """What `serve --demo` does around a venue in `directory`.

    has_maker: whether its order-driven market is quoted.
    """

    def __init__(self, files: Files, directory: Path, has_maker: bool = True) -> None:
        self._files: Final = files
        self._directory: Final = directory
        self._has_maker: Final = has_maker
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
        maker_id = state.account_ids.get(MAKER)
        if not self._has_maker and maker_id is not None and open_orders(state, maker_id):
            await venue.sequencer.submit(CancelOrders(maker_id, ALL_INSTRUMENTS), _must_be_accepted)

    async def make_market(self, venue: Venue) -> None:
        """Quote the order-driven market until cancelled, if it is to be quoted."""
        market = made_market(venue.state)
        if self._has_maker and market is not None:
            await DemoMaker(venue, market, venue.state.account_ids[MAKER]).run()

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
    shown = "\n".join(f"  {name:6} {token}" for name, token in tokens.items())
    order = '{"symbol":"BTC/USDT","side":"BUY","orderType":"MARKET","amount":"100","leverage":10}'
    return f"""\
Fulcrum demo: {public}  (operator: {admin})
data: {directory}, tokens: {directory / TOKENS_FILE}

{shown}

Buy bitcoin with 100 USDT of margin at 10x, as alice, and look at the position:

curl -s {public}/api/orders {alice} -H 'Content-Type: application/json' -d '{order}'
curl -s {public}/api/positions {alice}

Ctrl-C stops cleanly; the next start has everything in place."""
