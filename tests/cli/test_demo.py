"""The demo enters what is missing, once, however often its first start is cut short."""

import json
import stat
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from engine.commands import ListInstrument, Scope
from engine.engine import Engine
from engine.state import State
from engine.units import E8
from gateway.app import Addresses
from gateway.demo import (
    TOKENS_FILE,
    TokensDamaged,
    demo_tokens,
    made_market,
    missing_commands,
    welcome,
)
from gateway.listings import perpetual_market, simple_market
from snapshots.snapshot import state_hash
from tests.cli.running import fulcrum
from wal.files import Files

TOKENS = {"alice": "a" * 43, "bob": "b" * 43, "maker": "m" * 43, "admin": "c" * 43}
STEPS = 14


def enter(engine: Engine, steps: int | None = None) -> int:
    """Apply the first steps of what is missing; returns how many there were."""
    applied = 0
    for command in islice(missing_commands(engine.state, TOKENS), steps):
        engine.apply(engine.state.sequence + 1, 0, command)
        applied += 1
    return applied


def test_the_demo_has_three_markets_two_users_a_maker_and_their_money() -> None:
    engine = Engine(State())

    assert enter(engine) == STEPS

    state = engine.state
    assert list(state.symbols) == ["BTC/USDT", "ETH/USDT", "BTC-PERP/USDT"]
    assert state.account_ids.names() == ["alice", "bob", "maker"]
    ledger = state.ledger.assets[state.asset_ids["USDT"]]
    assert ledger.free == [0, 10_000 * E8, 10_000 * E8, 1_000_000 * E8]
    assert ledger.insurance_atoms == 100_000 * E8
    rights = sorted((token.account_id, token.scopes) for _, token in state.tokens.items())
    assert rights == [
        (0, Scope.ADMIN),
        (1, Scope.READ | Scope.TRADE),
        (2, Scope.READ | Scope.TRADE),
        (3, Scope.READ | Scope.TRADE),
    ]
    made = made_market(state)
    assert made is not None
    assert made.spec.symbol == "BTC-PERP/USDT"


def test_a_demo_of_before_the_maker_stays_as_it_was_listed() -> None:
    engine = Engine(State())
    for spec in (simple_market("BTC"), simple_market("ETH"), perpetual_market("BTC")):
        engine.apply(engine.state.sequence + 1, 0, ListInstrument(spec))
    old_tokens = {name: token for name, token in TOKENS.items() if name != "maker"}
    for command in missing_commands(engine.state, old_tokens):
        engine.apply(engine.state.sequence + 1, 0, command)

    state = engine.state
    assert state.account_ids.names() == ["alice", "bob"]
    assert state.sequence == STEPS - 3
    assert made_market(state) is None
    assert list(missing_commands(state, old_tokens)) == []


def test_a_second_start_enters_nothing() -> None:
    engine = Engine(State())
    enter(engine)

    assert enter(engine) == 0


@pytest.mark.parametrize("steps", range(STEPS))
def test_a_first_start_cut_short_is_finished_by_the_next(steps: int) -> None:
    whole, cut = Engine(State()), Engine(State())
    enter(whole)

    enter(cut, steps)
    enter(cut)

    assert state_hash(cut.state) == state_hash(whole.state)


def test_tokens_are_written_once_for_the_owner_alone(tmp_path: Path) -> None:
    tokens = demo_tokens(Files(), tmp_path)

    path = tmp_path / TOKENS_FILE
    assert sorted(tokens) == ["admin", "alice", "bob", "maker"]
    assert len(set(tokens.values())) == 4
    assert json.loads(path.read_text()) == tokens
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert demo_tokens(Files(), tmp_path) == tokens


def test_the_tokens_of_a_demo_of_before_the_maker_are_good(tmp_path: Path) -> None:
    old = {"alice": "a", "bob": "b", "admin": "c"}
    (tmp_path / TOKENS_FILE).write_text(json.dumps(old))

    assert demo_tokens(Files(), tmp_path) == old


@pytest.mark.parametrize("content", ["", "[]", '{"alice": 3}', '{"alice": "x"}'])
def test_a_damaged_file_of_tokens_is_not_written_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / TOKENS_FILE
    path.write_text(content)

    with pytest.raises(TokensDamaged, match=r"demo-tokens\.json is damaged; remove it"):
        demo_tokens(Files(), tmp_path)

    assert path.read_text() == content


def test_the_demo_puts_nothing_into_somebody_elses_venue(tmp_path: Path) -> None:
    fulcrum("init", tmp_path)
    fulcrum("keys", "new", tmp_path)
    before = fulcrum("wal", "dump", tmp_path).output
    call = ("-c", "from gateway.cli import main; main()", "serve", "--demo")
    ports = ("--port", "0", "--admin-port", "0")

    # In a process of its own: one that is not refused would serve for ever.
    done = subprocess.run(
        [sys.executable, *call, "--data", str(tmp_path), *ports],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 65
    words = f"{tmp_path} holds a venue of your own; serve it without --demo"
    assert done.stderr.splitlines()[-1] == f"Error: {words}"
    assert fulcrum("wal", "dump", tmp_path).output == before
    assert not (tmp_path / TOKENS_FILE).exists()


def test_the_welcome_has_every_token_and_one_command_to_a_line() -> None:
    addresses = Addresses("127.0.0.1", 8080, "127.0.0.1", 8081)

    words = welcome(Path("data"), TOKENS, addresses)

    assert all(token in words for token in TOKENS.values())
    order, positions = [line for line in words.splitlines() if line.startswith("curl")]
    assert order.endswith("""-d '{"symbol":"BTC/USDT","side":"BUY","orderType":"MARKET",\
"amount":"100","leverage":10}'""")
    assert positions == (
        f"curl -s http://127.0.0.1:8080/api/positions -H 'Authorization: Bearer {'a' * 43}'"
    )
