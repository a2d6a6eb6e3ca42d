"""Tokens of a stopped venue: made, listed, revoked; journaled like any command."""

import json
from pathlib import Path

import pytest

from engine.commands import Scope
from gateway.authentication import token_hash
from gateway.offline.inspection import read_state
from tests.cli.running import fulcrum, replayed_venue
from wal.files import Files


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venue with three users; tests that write make their own."""
    data = tmp_path_factory.mktemp("keys") / "data"
    replayed_venue(data, users=3)
    return data


def last_command(data: Path) -> dict[str, object]:
    """The last line of the journal, without its place and time."""
    line = json.loads(fulcrum("wal", "dump", data).output.splitlines()[-1])
    return {key: line[key] for key in line.keys() - {"sequence", "segment", "offset", "time_ns"}}


def test_a_new_token_is_shown_once_and_its_hash_journaled(tmp_path: Path) -> None:
    data = tmp_path / "data"
    replayed_venue(data, users=3)

    made = fulcrum("keys", "new", data, "--user", "trader-0002", "--scopes", "read,transfer")

    token, hashed = [line.split(": ")[1] for line in made.output.splitlines()[:2]]
    assert made.output.splitlines()[2] == "user: trader-0002, scopes: read,transfer"
    assert token_hash(token).hex() == hashed
    assert last_command(data) == {
        "command": "IssueToken",
        "account_id": 2,
        "token_hash": hashed,
        "scopes": Scope.READ | Scope.TRANSFER,
    }
    assert token not in fulcrum("wal", "dump", data).output


def test_a_revoked_token_is_listed_as_such(tmp_path: Path) -> None:
    fulcrum("init", tmp_path)
    hashed = fulcrum("keys", "new", tmp_path).output.splitlines()[1].removeprefix("hash: ")
    before = fulcrum("keys", "list", tmp_path).output

    revoked = fulcrum("keys", "revoke", tmp_path, hashed[:8])

    assert (revoked.exit_code, revoked.output) == (0, "revoked\n")
    assert before == f"{hashed}  works    admin       operator\n"
    after = fulcrum("keys", "list", tmp_path).output
    assert after == f"{hashed}  revoked  admin       operator\n"
    state = read_state(Files(), tmp_path)
    assert [token.revoked for _, token in state.tokens.items()] == [True]
    again = fulcrum("keys", "revoke", tmp_path, hashed)
    assert again.exit_code == 2
    assert "the token is revoked already" in again.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "--user", "zed"), "there is no user 'zed'"),
        (("new", "--scopes", "write"), "'write' is none of read, trade, transfer, admin"),
        (("revoke", "abc"), "0 tokens have a hash that begins with 'abc'"),
    ],
)
def test_a_mistake_changes_nothing(template: Path, arguments: tuple[str, ...], words: str) -> None:
    before = fulcrum("wal", "dump", template).output

    result = fulcrum("keys", arguments[0], template, *arguments[1:])

    assert result.exit_code == 2
    assert words in result.output
    assert fulcrum("wal", "dump", template).output == before
