"""What one account, order or position weighs: in a process of its own, `objects` of them.

Twice: by the resident memory of the process, which is what a machine needs, and by tracemalloc,
which counts what Python asked for.  Engine only: the server keeps its own record of each besides.
"""

import gc
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bench.figures import Aim, Figure
from bench.sizes import Sizes
from bench.trading import TICKETS, Trading
from engine.commands import Command, Deposit, OpenAccount
from engine.engine import Engine
from engine.state import State
from engine.units import E8, AccountId

ROOT: Final = Path(__file__).resolve().parents[1]
STATUS: Final = Path("/proc/self/status")
AIM: Final = Aim("value", "<=", 700)
KINDS: Final = ("account", "order", "position")
ACCOUNTS: Final = 10_000


def resident_bytes() -> int:
    """What of this process is in memory, where the system says so; else 0."""
    if not STATUS.exists():
        return 0
    lines = STATUS.read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def traced_bytes() -> int:
    """What Python has asked for since the tracing began."""
    return tracemalloc.get_traced_memory()[0]


def objects(trading: Trading, kind: str, count: int) -> Iterator[Command]:
    """Commands that each make one object; an account comes with a balance."""
    if kind == "account":
        first = len(trading.state.accounts)
        for number in range(first, first + count):
            yield OpenAccount(f"another-{number}")
            yield Deposit(AccountId(number), "USDT", 1_000 * E8, f"another-{number}")
    else:
        make = trading.limit if kind == "order" else trading.open
        for _ in range(count):
            yield make()


def weigh(kind: str, count: int, accounts: int, weight: Callable[[], int]) -> float:
    """Bytes per object."""
    trading = Trading(TICKETS, accounts, Engine(State()))
    trading.furniture()
    state, apply = trading.state, trading.engine.apply
    time_ns = state.time_ns
    gc.collect()
    before = weight()
    for command in objects(trading, kind, count):
        apply(state.sequence + 1, time_ns, command)
    gc.collect()
    grown = weight() - before
    made = {
        "account": len(state.accounts) - 1 - accounts,
        "order": state.orders.count,
        "position": state.positions.count,
    }[kind]
    assert made == count, (kind, made)
    return grown / count


def in_own_process(kind: str, count: int, accounts: int, how: str) -> float:
    """The same, measured by a new process."""
    command = [sys.executable, "-m", "bench.memory", kind, str(count), str(accounts), how]
    finished = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return float(json.loads(finished.stdout))


def figures(sizes: Sizes) -> Iterator[Figure]:
    """Bytes of each; one round is enough, for nothing in it is left to chance."""
    for kind in KINDS:
        accounts = min(ACCOUNTS, sizes.accounts)
        resident = in_own_process(kind, sizes.objects, accounts, "resident")
        traced = in_own_process(kind, sizes.objects, accounts, "traced")
        name = f"one {kind}, resident, at {sizes.objects:,}"
        figure = Figure("memory", name, "bytes", [resident], aim=AIM)
        figure.beside, figure.beside_rounds = "by tracemalloc", [traced]
        yield figure


if __name__ == "__main__":
    what, number, users, method = sys.argv[1:]
    if method == "traced":
        tracemalloc.start()
        print(weigh(what, int(number), int(users), traced_bytes))
    else:
        print(weigh(what, int(number), int(users), resident_bytes))
