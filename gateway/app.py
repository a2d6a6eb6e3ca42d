"""The whole venue as one process: data directory, sequencer, feed and two listeners, start to stop.

Composes; decides nothing.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import structlog
import uvloop
from aiohttp import web

from gateway.clock import Clock
from gateway.config import Config
from gateway.data import OpenData, open_data
from gateway.feeds.feed import Feed
from gateway.feeds.median_feed import MedianFeed
from gateway.pricing.premium_sampler import PremiumSampler
from gateway.pricing.price_sources import feed_of, marks_of
from gateway.pricing.prices import PriceEntry, resume_points
from gateway.routes import PRIVILEGED, PUBLIC, Route, application
from gateway.sequencer import EXIT_BUG, EXIT_LOG_FAILED
from gateway.upkeep import log_refusals, push_valuations
from gateway.venue import VERSION, About, Venue
from gateway.ws_sessions import Sessions
from wal.errors import LogFailed
from wal.files import Files
from wal.reader import Progress, no_progress
from wal.writer import LogWriter, SyncMode

ADMIN_HOST: Final = "127.0.0.1"
BACKLOG: Final = 1_024
FIELD_BYTES_MAX: Final = 4_096
FIELDS_MAX: Final = 64

log: Final = structlog.get_logger("venue")


class Addresses(NamedTuple):
    """Where the venue listens."""

    host: str
    port: int
    admin_host: str
    admin_port: int


# Enters what a new venue needs (a demo's markets, users and money), before anybody can connect.
Prepare = Callable[[Venue], Awaitable[None]]
Ready = Callable[[Addresses], None]
# Runs beside the listeners until the venue stops (a demo's market maker).
Beside = Callable[[Venue], Coroutine[Any, Any, None]]


async def no_preparation(_venue: Venue) -> None:
    """Nothing to prepare."""


def no_announcement(_addresses: Addresses) -> None:
    """Nobody to tell."""


async def no_companion(_venue: Venue) -> None:
    """Nobody else at work."""


def halt(code: int) -> NoReturn:
    """End the process at once: nothing that is buffered may be shown any more."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def run(
    config: Config,
    demo: bool,
    prepare: Prepare = no_preparation,
    ready: Ready = no_announcement,
    progress: Progress = no_progress,
    beside: Beside = no_companion,
) -> None:
    """Serve until SIGINT or SIGTERM.  Raises what `open_data` does, FeedFault, and OSError if a
    listener's address is taken."""
    uvloop.run(serve(config, demo, prepare, ready, progress, beside))


async def serve(
    config: Config,
    demo: bool,
    prepare: Prepare = no_preparation,
    ready: Ready = no_announcement,
    progress: Progress = no_progress,
    beside: Beside = no_companion,
) -> None:
    """The same on the running loop."""
    files = Files()
    data = open_data(files, Path(config.journal.data), progress)
    try:
        policy = config.journal.policy
        writer = data.writer(files, policy, config.journal.segment_bytes)
        try:
            await _serve_data(config, demo, data, writer, prepare, ready, beside)
        finally:
            _close_writer(writer)
        if config.snapshots.by == "shutdown":
            path = data.write_snapshot()
            log.info("snapshot written", path=str(path), sequence=data.engine.state.sequence)
    finally:
        data.close()
        gc.enable()  # not before the snapshot is written: it makes a million rows
    log.info("stopped", sequence=data.engine.state.sequence)


async def _serve_data(
    config: Config,
    demo: bool,
    data: OpenData,
    writer: LogWriter,
    prepare: Prepare,
    ready: Ready,
    beside: Beside,
) -> None:
    clock = Clock(data.engine.state.time_ns)
    about = About(config.journal.sync, writer.epoch, demo)
    venue = Venue(
        data.engine, data.history, data.board, writer, clock, time.monotonic, halt, config, about
    )
    sessions = Sessions(venue)
    tasks: list[asyncio.Task[None]] = []
    runners: list[web.AppRunner] = []
    stop = _stop_signal()
    try:
        venue.sequencer.start()
        await prepare(venue)
        entry = PriceEntry(venue.state, venue.sequencer, marks_of(config.feed, venue))
        venue.conflated = lambda: entry.conflated
        feed = _feed(config, venue)
        addresses = await listen(venue, sessions, runners)
        tasks += _tasks(venue, writer, entry, feed, beside)
        _settle_memory()
        venue.is_ready = True
        _log_start(data, venue, addresses)
        ready(addresses)
        await stop.wait()
        log.info("stopping", sequence=venue.state.sequence)
    finally:
        await _stop_serving(venue, sessions, tasks, runners)


async def _stop_serving(
    venue: Venue,
    sessions: Sessions,
    tasks: list[asyncio.Task[None]],
    runners: list[web.AppRunner],
) -> None:
    venue.is_ready = False
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    sessions.close_all()
    for runner in runners:
        await runner.cleanup()
    venue.market_data.stop()
    venue.sequencer.stop()


def _log_start(data: OpenData, venue: Venue, addresses: Addresses) -> None:
    log.info(
        "started",
        version=VERSION,
        sequence=venue.state.sequence,
        event_chain=venue.state.event_chain.hex(),
        replayed=data.replayed,
        epoch=venue.about.epoch,
        sync=venue.about.sync,
        demo=venue.about.demo,
        listening=f"{addresses.host}:{addresses.port}",
        admin=f"{addresses.admin_host}:{addresses.admin_port}",
    )


def _close_writer(writer: LogWriter) -> None:
    try:
        writer.close()
    except LogFailed as error:
        log.critical("journal failed", action="exit", code=EXIT_LOG_FAILED, error=str(error))
        halt(EXIT_LOG_FAILED)


def _stop_signal() -> asyncio.Event:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _feed(config: Config, venue: Venue) -> Feed | None:
    """The feed of the config, going on where the journal ends.  Raises FeedFault."""
    usual = "random_walk" if venue.about.demo else "none"
    specs = [market.spec for market in venue.state.markets if market is not None]
    feed = feed_of(config.feed, usual, specs, time.monotonic, asyncio.sleep)
    if isinstance(feed, MedianFeed):
        venue.dropped_feeds = feed.dropped
    if feed is not None:
        feed.resume(resume_points(venue.state))
    return feed


def _tasks(
    venue: Venue, writer: LogWriter, entry: PriceEntry, feed: Feed | None, beside: Beside
) -> list[asyncio.Task[None]]:
    """What runs beside the listeners until the venue stops."""
    policy = venue.config.journal.policy
    tasks = [
        asyncio.create_task(push_valuations(venue), name="valuations"),
        asyncio.create_task(log_refusals(venue), name="refusals"),
        asyncio.create_task(PremiumSampler(venue).run(), name="premiums"),
        asyncio.create_task(beside(venue), name="beside"),
    ]
    if feed is not None:
        tasks.append(asyncio.create_task(entry.follow(feed), name="feed"))
    if policy.mode is SyncMode.INTERVAL:
        tasks.append(asyncio.create_task(_sync_often(writer, policy.interval_ms), name="sync"))
    for task in tasks:
        task.add_done_callback(_refuse_to_go_on_without)
    return tasks


def _refuse_to_go_on_without(task: "asyncio.Task[None]") -> None:
    """A task that ends by a bug would be missed by nobody until it matters."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("fault", task=task.get_name(), error=repr(error), action="exit")
        halt(EXIT_BUG)


async def _sync_often(writer: LogWriter, interval_ms: int) -> None:
    """Under `interval`: what was committed becomes durable a little later."""
    while True:
        await asyncio.sleep(interval_ms / 1_000)
        try:
            writer.sync()
        except LogFailed as error:
            log.critical("journal failed", action="exit", code=EXIT_LOG_FAILED, error=str(error))
            halt(EXIT_LOG_FAILED)


async def listen(venue: Venue, sessions: Sessions, runners: list[web.AppRunner]) -> Addresses:
    """Open both listeners.  Raises OSError."""
    server = venue.config.server
    port = await _listener(venue, sessions, runners, PUBLIC, server.host, server.port)
    admin_port = await _listener(
        venue, sessions, runners, PRIVILEGED, ADMIN_HOST, server.admin_port
    )
    return Addresses(server.host, port, ADMIN_HOST, admin_port)


async def _listener(
    venue: Venue,
    sessions: Sessions,
    runners: list[web.AppRunner],
    routes: tuple[Route, ...],
    host: str,
    port: int,
) -> int:
    """Serve routes on an address; returns the port."""
    server = venue.config.server
    runner = web.AppRunner(
        application(venue, sessions, routes, is_admin=routes is PRIVILEGED),
        access_log=None,
        keepalive_timeout=float(server.keep_alive_s),
        lingering_time=1.0,
        auto_decompress=False,
        max_line_size=FIELD_BYTES_MAX,
        max_field_size=FIELD_BYTES_MAX,
        max_headers=FIELDS_MAX,
        shutdown_timeout=1.0,
    )
    await runner.setup()
    runners.append(runner)
    site = web.TCPSite(runner, host, port, backlog=BACKLOG, reuse_address=True)
    await site.start()
    address = runner.addresses[0]
    return int(address[1])


def _settle_memory() -> None:
    """A full collection would stop the loop for most of a second at a million objects."""
    gc.collect()
    gc.freeze()
    gc.disable()
