"""The demo as a process: what it prints works, a stop is clean, and everything is there again."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.demo import TOKENS_FILE
from tests.cli.running import fulcrum

CALL: Final = "from gateway.cli import main; main()"
FREE_PORTS: Final = ("--port", "0", "--admin-port", "0")
QUIET_S: Final = 60


class Served:
    """A venue in a process of its own, and what it said when it was ready."""

    def __init__(self, process: "subprocess.Popen[str]", words: list[str]) -> None:
        self.process = process
        self.words = words
        self.curls = [line for line in words if line.startswith("curl ")]
        self.admin = re.findall(r"operator: (http://\S+)\)", "\n".join(words))[0]

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; the exit code and the log."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=QUIET_S)
        return self.process.returncode, log


@contextmanager
def demo(data: Path, *arguments: str) -> Iterator[Served]:
    """`fulcrum serve --demo` until the block ends."""
    command = [sys.executable, "-c", CALL, "serve", "--demo", "--data", str(data), *FREE_PORTS]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        words: list[str] = []
        for line in process.stdout:
            words.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        try:
            yield Served(process, words)
        finally:
            process.kill()


def run_line(line: str) -> Any:
    """Run a command as it was printed, and decode what it prints."""
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=QUIET_S)
    return json.loads(done.stdout)


def ledger_of(venue: Served, tokens: dict[str, str]) -> Any:
    """The operator's view of the ledger."""
    token = f"-H 'Authorization: Bearer {tokens['admin']}'"
    return run_line(f"curl -s {venue.admin}/admin/ledger {token}")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demo_works_as_printed_and_comes_back(
    tmp_path: Path, system_tool: Callable[[str], Path], number: signal.Signals
) -> None:
    system_tool("curl")
    data = tmp_path / "data"
    still = ("--feed", "none", "--no-maker")
    with demo(data, "--no-maker") as first:
        tokens = json.loads((data / TOKENS_FILE).read_text())
        order, positions = (run_line(line) for line in first.curls)
        code, _log = first.end(number)
    with demo(data, *still) as second:
        again = run_line(second.curls[1])
        ledger = ledger_of(second, tokens)
        stopped, _log = second.end(signal.SIGINT)

    assert order["status"] == "FILLED"
    (position,) = positions["positions"]
    assert (position["symbol"], position["side"], position["margin"]) == (
        *("BTC/USDT", "LONG", "100"),
    )
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    assert stopped == 0
    kept = ("positionId", "quantity", "entryPrice", "margin", "createdAt")
    assert [[p[key] for key in kept] for p in again["positions"]] == [
        [position[key] for key in kept]
    ]
    assert json.loads((data / TOKENS_FILE).read_text()) == tokens
    assert all(token in "\n".join(second.words) for token in tokens.values())
    assert ledger["sum"] == "0"
    commands = [json.loads(line) for line in fulcrum("wal", "dump", data).output.splitlines()]
    of_time = ("UpdatePrice", "SamplePremium")  # the latter if a minute begins meanwhile
    entered = [line["command"] for line in commands if line["command"] not in of_time]
    demo_only = ["ListInstrument"] * 3 + ["FundInsurance"]
    demo_only += ["OpenAccount", "Deposit", "IssueToken"] * 3 + ["IssueToken"]
    assert entered == [*demo_only, "PlaceOrder"]
    assert fulcrum("verify", data, "--deep").exit_code == 0


@pytest.mark.slow
def test_a_lone_user_finds_somebody_to_trade_with(
    tmp_path: Path, system_tool: Callable[[str], Path]
) -> None:
    system_tool("curl")
    data = tmp_path / "data"
    asked = {"BTC/USDT": "BTC-PERP/USDT", '"amount":"100"': '"quantity":"0.01"'}
    with demo(data) as venue:
        tokens = json.loads((data / TOKENS_FILE).read_text())
        line = venue.curls[0]
        for old, new in asked.items():
            line = line.replace(old, new)
        for _ in range(50):  # the first price and the first quotes take a moment
            order = run_line(line)
            if order.get("status") == "FILLED":
                break
            time.sleep(0.1)
        ledger = ledger_of(venue, tokens)
        code, _log = venue.end(signal.SIGINT)

    assert (order["symbol"], order["status"], order["filledQuantity"]) == (
        *("BTC-PERP/USDT", "FILLED", "0.01"),
    )
    assert ledger["sum"] == "0"
    assert code == 0
    assert fulcrum("verify", data, "--deep").exit_code == 0


@pytest.mark.slow
def test_a_running_venue_can_be_verified_but_not_served_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data) as venue:
        verified = fulcrum("verify", data)
        snapshot = fulcrum("snapshot", data)
        served = fulcrum("serve", "--demo", "--data", data, *FREE_PORTS)
        code, log = venue.end(signal.SIGINT)

    assert verified.exit_code == 0
    assert (snapshot.exit_code, served.exit_code, code) == (73, 73, 0)
    assert f"is in use by process {venue.process.pid}" in served.output
    assert json.loads(log.splitlines()[0])["event"] == "started"


@pytest.mark.slow
def test_a_port_that_is_taken_has_its_own_code(tmp_path: Path) -> None:
    with demo(tmp_path / "one") as venue:
        port = venue.admin.rsplit(":", 1)[1]
        taken = fulcrum("serve", "--demo", "--data", tmp_path / "two", "--port", port)

    assert taken.exit_code == 69
    assert "Error: cannot listen: " in taken.output


@pytest.mark.slow
def test_a_plain_venue_says_where_it_serves_and_stops(tmp_path: Path) -> None:
    fulcrum("init", tmp_path)
    command = [sys.executable, "-c", CALL, "serve", "--data", str(tmp_path), *FREE_PORTS]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=QUIET_S)

    assert re.fullmatch(r"serving http://127\.0\.0\.1:\d+\n", line)
    assert process.returncode == 0
