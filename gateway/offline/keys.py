"""`fulcrum keys`: tokens of a stopped venue.  Knows commands and hashes; keeps no token.

A token is shown once, when it is made; the journal holds its hash.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from engine.codec import pack_command
from engine.commands import Command, IssueToken, RevokeToken
from engine.events import Rejected
from engine.state import State
from engine.units import NOBODY, AccountId
from gateway.authentication import SCOPES_BY_NAME, new_token, scope_names
from gateway.clock import Clock
from gateway.data import open_data
from gateway.offline.inspection import read_state
from gateway.offline.terminal import explained
from wal.files import Files
from wal.segment import SEGMENT_BYTES_DEFAULT
from wal.writer import SYNC_ALWAYS

OPERATOR: Final = "operator"
_HASH_CHARS_MIN: Final = 8
_DATA: Final = click.Path(path_type=Path)


@click.group()
def keys() -> None:
    """Tokens of a stopped venue; a running one has the admin listener."""


@keys.command()
@click.argument("data", type=_DATA)
@click.option("--user", default="", help="Whose it is; without it, the operator's.")
@click.option("--scopes", default="", help="Of read, trade, transfer, admin, with commas.")
def new(data: Path, user: str, scopes: str) -> None:
    """Make a token and show it once."""
    names = [name for name in scopes.split(",") if name]
    if not names:
        names = ["read", "trade"] if user else ["admin"]
    for name in names:
        if name not in SCOPES_BY_NAME:
            known = ", ".join(SCOPES_BY_NAME)
            raise click.BadParameter(f"{name!r} is none of {known}", param_hint="--scopes")
    bits = sum(SCOPES_BY_NAME[name] for name in dict.fromkeys(names))
    token, hashed = new_token()

    def issue(state: State) -> Command:
        account_id = state.account_ids.get(user) or NOBODY
        if user and account_id == NOBODY:
            raise click.BadParameter(f"there is no user {user!r}", param_hint="--user")
        return IssueToken(AccountId(account_id), hashed, bits)

    with explained():
        enter(Files(), data, issue)
    click.echo(f"token: {token}")
    click.echo(f"hash: {hashed.hex()}")
    click.echo(f"user: {user or OPERATOR}, scopes: {','.join(scope_names(bits))}")


@keys.command("list")
@click.argument("data", type=_DATA)
def list_keys(data: Path) -> None:
    """Show all tokens by hash; a running venue is not disturbed."""
    with explained():
        state = read_state(Files(), data)
    for hashed, token in sorted(
        state.tokens.items(), key=lambda item: (item[1].account_id, item[0])
    ):
        account = state.account(token.account_id)
        user = OPERATOR if account is None else account.user_id
        word = "revoked" if token.revoked else "works"
        click.echo(f"{hashed.hex()}  {word:7}  {','.join(scope_names(token.scopes)):10}  {user}")


@keys.command()
@click.argument("data", type=_DATA)
@click.argument("token_hash")
def revoke(data: Path, token_hash: str) -> None:
    """Stop the token whose hash begins with TOKEN_HASH (at least 8 characters)."""

    def revoking(state: State) -> Command:
        begins = token_hash.lower()
        found = [hashed for hashed in state.tokens.names() if hashed.hex().startswith(begins)]
        if len(begins) < _HASH_CHARS_MIN or len(found) != 1:
            message = f"{len(found)} tokens have a hash that begins with {token_hash!r}"
            raise click.BadParameter(message, param_hint="TOKEN_HASH")
        if state.tokens[found[0]].revoked:
            raise click.BadParameter("the token is revoked already", param_hint="TOKEN_HASH")
        return RevokeToken(found[0])

    with explained():
        enter(Files(), data, revoking)
    click.echo("revoked")


def enter(files: Files, directory: Path, make: Callable[[State], Command]) -> None:
    """Journal and apply one command of a stopped venue; durable on return.

    make: given the state, the command, which must be one that is accepted.
    Raises what `open_data` and `LogWriter.commit` raise.
    """
    data = open_data(files, directory)
    try:
        state = data.engine.state
        command = make(state)
        time_ns = Clock(state.time_ns).now_ns()
        writer = data.writer(files, SYNC_ALWAYS, SEGMENT_BYTES_DEFAULT)
        try:
            sequence = state.sequence + 1
            writer.append(sequence, pack_command(time_ns, command))
            events = data.engine.apply(sequence, time_ns, command)
            assert not any(isinstance(event, Rejected) for event in events)
        finally:
            writer.close()
    finally:
        data.close()
