"""One venue as a real process: started, stopped and killed.  Knows the command line, no client."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final, NamedTuple, final

FULCRUM: Final = (str(Path(sys.executable).with_name("fulcrum")),)
START_S_MAX: Final = 60.0


class Started(NamedTuple):
    """What the venue says of itself when it is ready."""

    public: str
    admin: str
    sequence: int
    event_chain: str


class EndedEarly(Exception):
    """The process ended by itself; holds what it said."""


@final
class VenueProcess:
    """`fulcrum serve` on a directory.  It is killed when the `async with` is left.

    command: what to run for `fulcrum`.
    log: its lines on standard error, decoded, as they come.
    """

    def __init__(
        self, directory: Path, options: tuple[str, ...], command: tuple[str, ...] = FULCRUM
    ) -> None:
        self.log: Final[list[dict[str, object]]] = []
        self._command: Final = (*command, "serve", "--data", str(directory), *options)
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news: Final = asyncio.Event()

    async def __aenter__(self) -> "VenueProcess":
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=DEVNULL, stderr=PIPE
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.kill()

    async def ready(self) -> Started:
        """Wait until it serves.  Raises EndedEarly, or TimeoutError after a minute."""
        async with asyncio.timeout(START_S_MAX):
            entry = await self.line("started")
        return Started(
            f"http://{entry['listening']}",
            f"http://{entry['admin']}",
            int(str(entry["sequence"])),
            str(entry["event_chain"]),
        )

    async def line(self, event: str) -> dict[str, object]:
        """The first line of its log about an event, now or later.  Raises EndedEarly."""
        assert self._reader is not None
        while True:
            for entry in self.log:
                if entry.get("event") == event:
                    return entry
            if self._reader.done():
                raise EndedEarly(json.dumps(self.log[-20:], indent=1))
            self._news.clear()
            await self._news.wait()

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """kill -9, whatever it is doing; returns when it is gone."""
        await self._end(signal.SIGKILL)

    def interrupt(self) -> None:
        """Ask it to stop, as Ctrl-C does, and do not wait."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)

    async def stop(self) -> int:
        """Ask it to stop and wait; returns the exit code."""
        return await self._end(signal.SIGINT)

    async def ended(self) -> int:
        """Wait until it ends by itself; returns the exit code, negative for a signal."""
        assert self._process is not None
        assert self._reader is not None
        code = await self._process.wait()
        await self._reader
        return code

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        assert self._reader is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self.ended()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"event": "said", "text": line.decode(errors="replace")})
            self._news.set()
        self._news.set()
