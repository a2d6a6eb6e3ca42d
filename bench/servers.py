"""Figures of whole servers: the venue and its limit side by side, loaded in turns.

Knows processes and CPUs.  Each server has a processor of its own where there are two, the load
has the other; both servers wait while they are not asked.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import msgspec

from bench.figures import Aim, Figure, Unit
from bench.journals import BlockFile, scratch_directory
from bench.load import Outcome, Plan
from bench.sizes import Sizes

ROOT: Final = Path(__file__).resolve().parents[1]
ACCOUNTS: Final = 256
REQUESTS_PER_S: Final = {"http": 30_000, "ws": 150_000}  # more than can be served
SYNC_SAMPLES: Final = 200
START_TIMEOUT_S: Final = 60.0
SERVER_CPU, LOAD_CPU = 0, 1

HTTP_AIM: Final = Aim("ratio", ">=", 0.8)
HTTP_LATENCY_AIM: Final = Aim("excess", "<=", 1.5, "fdatasync p50")
SOCKET_AIM: Final = Aim("ratio", ">=", 1.0)


class Server:
    """A process that listens."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process: Final = process
        self.port: Final = port

    def cpu_seconds(self) -> float:
        """What the process has used so far; 0 where the system does not say."""
        try:
            text = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return 0.0
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pinned(command: list[str], cpu: int) -> "subprocess.Popen[str]":
    """Start a process of ours, on one CPU where there are two."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process.pid, {cpu})
    return process


@contextmanager
def server(module: str, *arguments: str) -> Iterator[Server]:
    """A server of `bench` until the end of the block.  RuntimeError if it does not start."""
    process = pinned([sys.executable, "-m", module, *arguments], SERVER_CPU)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{module} did not start")
        yield Server(process, int(json.loads(line)["port"]))
    finally:
        process.terminate()
        try:
            process.wait(timeout=START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Sample(msgspec.Struct):
    """One measurement of one server.  cpu_us: of the server, per reply."""

    outcome: Outcome
    cpu_us: float


class Rounds(NamedTuple):
    """The venue and its limit under one load, and the p50 of fdatasync in µs, by round."""

    venue: list[Sample]
    bare: list[Sample]
    syncs: list[float]


class Bout:
    """The venue and its limit, in turns, and the disk in between."""

    def __init__(self, sizes: Sizes, venue: Server, bare: Server, blocks: BlockFile) -> None:
        self._sizes: Final = sizes
        self._venue: Final = venue
        self._bare: Final = bare
        self._blocks: Final = blocks
        self._run = 0

    def rounds(self, protocol: str, connections: int, in_flight: int) -> Rounds:
        """B A B A, after a round that only warms up."""
        rounds = Rounds([], [], [])
        for number in range(self._sizes.rounds + 1):
            bare_sample = self._sample(self._bare, protocol, connections, in_flight)
            venue_sample = self._sample(self._venue, protocol, connections, in_flight)
            if number:
                rounds.bare.append(bare_sample)
                rounds.venue.append(venue_sample)
                rounds.syncs.append(self._sync_p50())
        return rounds

    def _sample(self, target: Server, protocol: str, connections: int, in_flight: int) -> Sample:
        sizes = self._sizes
        self._run += 1
        span = sizes.load_seconds + sizes.load_warm
        plan = Plan(
            port=target.port,
            protocol=protocol,
            connections=connections,
            in_flight=in_flight,
            seconds=sizes.load_seconds,
            warm_seconds=sizes.load_warm,
            accounts=ACCOUNTS,
            run=self._run,
            is_echo=protocol == "ws" and target is self._bare,
            requests_max=int(REQUESTS_PER_S[protocol] * span),
        )
        before = target.cpu_seconds()
        process = pinned(
            [sys.executable, "-m", "bench.load", msgspec.json.encode(plan).decode()], LOAD_CPU
        )
        text, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError("the load failed; see above")
        outcome = msgspec.json.decode(text, type=Outcome)
        return Sample(outcome, (target.cpu_seconds() - before) / outcome.total * 1e6)

    def _sync_p50(self) -> float:
        times = []
        for _ in range(SYNC_SAMPLES):
            begin = time.perf_counter()
            self._blocks.write()
            times.append(time.perf_counter() - begin)
        return median(times) * 1e6


@contextmanager
def bout(sizes: Sizes) -> Iterator[Bout]:
    """Both servers, on the disk that is measured."""
    with scratch_directory() as directory:
        blocks = BlockFile(directory / "blocks")
        data = directory / "data"
        with (
            server("bench.venue", str(data), str(ACCOUNTS)) as venue,
            server("bench.bare") as bare,
        ):
            yield Bout(sizes, venue, bare, blocks)
        blocks.close()


def http_figures(sizes: Sizes) -> Iterator[Figure]:
    """Orders over HTTP, durable, by the number of keep-alive connections."""
    with bout(sizes) as both:
        for connections in sizes.connections:
            rounds = both.rounds("http", connections, 1)
            where = f"{connections} connection" + ("s" if connections > 1 else "")
            aim = HTTP_AIM if connections == sizes.connections[-1] else None
            latency_aim = HTTP_LATENCY_AIM if connections == 1 else None
            yield from figures("http", where, "bare aiohttp", rounds, aim, latency_aim)


def socket_figures(sizes: Sizes) -> Iterator[Figure]:
    """Orders over WebSocket, durable, one at a time and pipelined."""
    with bout(sizes) as both:
        for connections, in_flight in sizes.sockets:
            rounds = both.rounds("ws", connections, in_flight)
            where = f"{connections}×{in_flight} in flight"
            aim = SOCKET_AIM if in_flight > 1 else None
            yield from figures("ws", where, "aiohttp echo, send_str each", rounds, aim, None)


def figures(
    group: str, where: str, beside: str, rounds: Rounds, aim: Aim | None, latency_aim: Aim | None
) -> Iterator[Figure]:
    """Rate, processor time and latencies of one load; the disk, where latency is held to it."""
    sync_p50 = median(rounds.syncs)

    def figure(name: str, unit: Unit, of: Callable[[Sample], float]) -> Figure:
        venue, bare = map(of, rounds.venue), map(of, rounds.bare)
        return Figure(group, f"{name}, {where}", unit, list(venue), beside, list(bare))

    rate = figure("orders/s", "requests/s", lambda sample: sample.outcome.rate)
    rate.aim = aim
    yield rate
    yield figure("processor per order", "µs", lambda sample: sample.cpu_us)
    p50 = figure("p50", "µs", lambda sample: sample.outcome.p50)
    p50.aim, p50.excess_unit = latency_aim, sync_p50
    yield p50
    yield figure("p99", "µs", lambda sample: sample.outcome.p99)
    yield figure("p99.9", "µs", lambda sample: sample.outcome.p999)
    if latency_aim is not None:
        yield Figure(group, "fdatasync p50 of 4 KiB between them", "µs", rounds.syncs)
