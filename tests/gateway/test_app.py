"""The whole process: start, stop, kill, start again."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
import pytest

from engine.market import Market
from gateway.app import Addresses, serve
from gateway.config import Config, load_config
from gateway.demo import Demo
from gateway.pricing import premium_sampler
from gateway.pricing.mark_price import MarkMaker
from gateway.venue import Venue
from tests.gateway.house import Client, until
from wal.directory import initialise
from wal.files import Files

MAIN = "from gateway.cli import main; main()"
ORDER = {"symbol": "BTC/USDT", "side": "BUY", "orderType": "MARKET", "amount": "5", "leverage": 5}


class Running(NamedTuple):
    """A venue in a process of its own."""

    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession
    url: str
    admin_url: str
    tokens: dict[str, str]

    def client(self, name: str) -> Client:
        """A demo user, or the operator."""
        url = self.admin_url if name == "admin" else self.url
        return Client(self.session, url, self.tokens[name])

    async def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; the exit code and what it said."""
        self.process.send_signal(number)
        _, error = await asyncio.wait_for(self.process.communicate(), 30)
        assert self.process.returncode is not None
        return self.process.returncode, error.decode()


@asynccontextmanager
async def running(data: Path, *options: str) -> AsyncIterator[Running]:
    """`serve --demo` on free ports."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", MAIN, "serve", "--demo", "--data", str(data)),
        *("--port", "0", "--admin-port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        first = await asyncio.wait_for(process.stdout.readline(), 30)
        found = re.findall(rb"http://[0-9.]+:[0-9]+", first)
        assert len(found) == 2, (first, await process.communicate())
        tokens = msgspec.json.decode((data / "demo-tokens.json").read_bytes())
        async with aiohttp.ClientSession() as session:
            yield Running(process, session, found[0].decode(), found[1].decode(), tokens)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ready(venue: Running) -> None:
    """Wait until BTC has a price."""
    for _ in range(200):
        ticker = await venue.client("alice").get("/api/ticker?symbol=BTC-USDT")
        if ticker.body["mark"] is not None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("no price came")


@pytest.mark.slow
async def test_a_token_made_over_the_admin_port_works_after_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data) as venue:
        await ready(venue)
        admin = venue.client("admin")
        await admin.post("/admin/accounts", {"userId": "carol"})
        money = {"asset": "USDT", "amount": "100", "transferId": "c"}
        await admin.post("/admin/accounts/carol/deposits", money)
        token = (await admin.post("/admin/accounts/carol/tokens", {})).body["token"]
        carol = Client(venue.session, venue.url, token)
        placed = await carol.post("/api/orders", ORDER)
        assert placed.status == 201, placed
        health = (await carol.get("/healthz")).body
        code, _ = await venue.end(signal.SIGKILL)
        assert code == -signal.SIGKILL

    async with running(data) as venue:
        again = Client(venue.session, venue.url, token)
        order = await again.get(f"/api/orders/{placed.body['orderId']}")
        after = (await again.get("/healthz")).body

    assert order.body == placed.body
    assert after["sequence"] >= health["sequence"]
    assert (health["epoch"], after["epoch"]) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_clean_stop_writes_a_snapshot_and_says_so(
    tmp_path: Path, number: signal.Signals
) -> None:
    data = tmp_path / "data"
    async with running(data, "--feed", "none") as venue:
        health = (await venue.client("alice").get("/healthz")).body
        async with venue.session.ws_connect(venue.url + "/ws") as socket:
            await socket.send_json({"op": "auth", "token": venue.tokens["alice"]})
            await socket.receive()
            code, said = await venue.end(number)
            closing = await socket.receive()

    assert code == 0, said
    assert closing.data == 1001
    lines = [msgspec.json.decode(line) for line in said.splitlines()]
    events = [line["event"] for line in lines]
    assert events == ["started", "stopping", "snapshot written", "stopped"]
    assert lines[0]["sequence"] == lines[-1]["sequence"] == health["sequence"]
    assert [path.name for path in (data / "snap").iterdir()] == [f"{health['sequence']:020}.snap"]

    async with running(data, "--feed", "none") as venue:
        again = (await venue.client("alice").get("/healthz")).body
        code, said = await venue.end(number)
        assert msgspec.json.decode(said.splitlines()[0])["replayed"] == 0
    assert again == {**health, "epoch": 2}


@pytest.mark.slow
async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data, "--feed", "none") as venue:
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MAIN, "serve", "--data", str(data)),
            *("--port", "0", "--admin-port", "0"),
            stderr=asyncio.subprocess.PIPE,
        )
        _, error = await asyncio.wait_for(second.communicate(), 30)

        assert second.returncode == 73
        assert str(venue.process.pid) in error.decode()
        assert (await venue.client("alice").get("/healthz")).status == 200


def of_two_feeds(tmp_path: Path) -> Config:
    """A config on free ports whose index is the median of two equal walks."""
    walk = "random_walk:interval_ms=20"
    options = {
        "journal.data": str(tmp_path / "data"),
        "server.port": 0,
        "server.admin_port": 0,
        "feed.spec": [walk, walk],
    }
    return load_config(None, options)


async def test_a_venue_has_its_feeds_its_marks_and_its_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of the whole process are put together: here in the test's own, with minutes that
    pass quickly."""
    marked: set[str] = set()

    def mark_e8(_maker: MarkMaker, market: Market, index_e8: int) -> int:
        marked.add(market.spec.symbol)
        return index_e8 + 100 * market.spec.tick_size_e8

    monkeypatch.setattr(MarkMaker, "mark_e8", mark_e8)
    monkeypatch.setattr(premium_sampler, "MINUTE_NS", 30_000_000)
    config, files = of_two_feeds(tmp_path), Files()
    initialise(files, tmp_path / "data", b"\1" * 16)
    demo = Demo(files, tmp_path / "data")
    seen: list[tuple[str, int, bool]] = []

    async def look(venue: Venue) -> None:
        await until(lambda: venue.funding["samples"] > 0)
        market = venue.state.market(venue.state.symbols["BTC-PERP/USDT"])
        assert market is not None
        premium_ticks = market.mark_ticks - market.index_ticks
        seen.append((market.source, premium_ticks, "BELOW_QUORUM" in venue.dropped_feeds))
        os.kill(os.getpid(), signal.SIGINT)

    started: list[Addresses] = []
    await serve(config, True, demo.prepare, started.append, beside=look)

    assert seen == [("median:random_walk+random_walk", 100, True)]
    assert marked == {"BTC-PERP/USDT"}
    assert len(started) == 1
