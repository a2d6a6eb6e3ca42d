"""How a venue is run: one TOML file with a default for everything.  Knows keys and their ranges.

Nothing here can change a result: instruments, fees, limits of the market and keys are commands in
the journal.  `explain` finds every mistake of a file at once.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from gateway.feeds.feed import FeedFault
from gateway.feeds.spec import parse_feed_spec
from wal.writer import SyncPolicy, parse_sync_policy

EXIT_CONFIG: Final = 78

Port = Annotated[int, Meta(ge=0, le=65_535)]
Seconds = Annotated[int, Meta(ge=1, le=3_600)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Bytes = Annotated[int, Meta(ge=1_024, le=1_073_741_824)]
Text = Annotated[str, Meta(min_length=1, max_length=4_096)]
FeedText = Annotated[str, Meta(max_length=4_096)]


class ServerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The listeners.  Port 0 is any free one; the admin listener is always on 127.0.0.1.

    body_bytes_max, batch_bytes_max: the longest body of one request, and of a batch of orders.
    """

    host: Text = "127.0.0.1"
    port: Port = 8080
    admin_port: Port = 8081
    body_bytes_max: Bytes = 16_384
    batch_bytes_max: Bytes = 262_144
    body_timeout_s: Seconds = 5
    keep_alive_s: Seconds = 15


class JournalConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The data directory and when a command counts as durable.

    sync: always, interval:<ms> or never.
    segment_bytes: a file of the journal is ended beyond this.
    """

    data: Text = "data"
    sync: Text = "always"
    segment_bytes: Annotated[int, Meta(ge=65_536, le=1_073_741_824)] = 67_108_864

    @property
    def policy(self) -> SyncPolicy:
        """The sync mode as the journal takes it."""
        return parse_sync_policy(self.sync)


class LimitsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """What one client, and all of them together, may ask for.

    requests_per_second, burst: of one token.
    queue_max: commands and reads that may wait; beyond it the answer is 503.
    tokens_remembered_max: buckets kept; the least used is forgotten first.
    """

    requests_per_second: Count = 1_000
    burst: Count = 2_000
    queue_max: Count = 10_000
    tokens_remembered_max: Annotated[int, Meta(ge=1, le=10_000_000)] = 100_000


class WebSocketConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One WebSocket connection: what may come in, and what may wait to go out."""

    login_bytes_max: Bytes = 4_096
    message_bytes_max: Bytes = 65_536
    login_timeout_s: Seconds = 3
    subscriptions_max: Count = 50
    queue_messages_max: Count = 512
    queue_bytes_max: Bytes = 262_144
    replay_messages_max: Count = 10_000
    heartbeat_s: Seconds = 20
    pnl_interval_ms: Annotated[int, Meta(ge=10, le=60_000)] = 250


class FeedConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where prices come from.

    spec: as in `--feed`; empty: a random walk in a demo, otherwise none.  A list of several: the
        index is the median of those that agree.
    index_band_bps: how far from the median a feed may lie, in hundredths of a percent.
    index_quorum: how many must agree; 0: more than half of them.
    index_stale_ms: how long the last update of a feed counts.
    mark: of order-driven markets: `median` of the index, the index with its usual basis and the
        last trade; or as the `feed` says.
    mark_cap_bps: how far from the index such a mark may be, in hundredths of a percent.
    basis_window_s, last_stale_s: what the basis is averaged over, and how long a trade counts.
    """

    spec: FeedText | Annotated[list[FeedText], Meta(min_length=1, max_length=16)] = ""
    index_band_bps: Annotated[int, Meta(ge=1, le=10_000)] = 500
    index_quorum: Annotated[int, Meta(ge=0, le=16)] = 0
    index_stale_ms: Annotated[int, Meta(ge=10, le=3_600_000)] = 5_000
    mark: Literal["median", "feed"] = "median"
    mark_cap_bps: Annotated[int, Meta(ge=0, le=10_000)] = 500
    basis_window_s: Seconds = 150
    last_stale_s: Seconds = 60

    @property
    def specs(self) -> list[str]:
        """One text for each feed; none if there is nothing said of it."""
        if isinstance(self.spec, str):
            return [self.spec] if self.spec else []
        return self.spec


class SnapshotConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Who writes snapshots.

    by: `shutdown` is the venue at a clean stop; `none` is `fulcrum snapshot` alone.
    """

    by: Literal["shutdown", "none"] = "shutdown"


class LogConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """What the venue says of itself on standard error; auto is plain text on a terminal only."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; `Config()` is the default."""

    server: ServerConfig = ServerConfig()
    journal: JournalConfig = JournalConfig()
    limits: LimitsConfig = LimitsConfig()
    websocket: WebSocketConfig = WebSocketConfig()
    feed: FeedConfig = FeedConfig()
    snapshots: SnapshotConfig = SnapshotConfig()
    log: LogConfig = LogConfig()


Section = (
    ServerConfig
    | JournalConfig
    | LimitsConfig
    | WebSocketConfig
    | FeedConfig
    | SnapshotConfig
    | LogConfig
)


class Mistake(NamedTuple):
    """One thing wrong with a config.  key: `section.name`, or empty for the file as a whole."""

    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}" if self.key else self.problem


class BadConfig(Exception):
    """A config with mistakes, all of them."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes: Final = mistakes


def load_config(path: Path | None, options: Mapping[str, object] | None = None) -> Config:
    """The config of a file, or the default, with options such as `server.port` on top.

    Raises BadConfig.
    """
    values = {} if path is None else _read(path)
    for key, value in (options or {}).items():
        section, _, name = key.partition(".")
        table = values.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
    mistakes = explain(values)
    if mistakes:
        raise BadConfig(mistakes)
    return msgspec.convert(values, Config)


def explain(values: Mapping[str, object]) -> list[Mistake]:
    """Every mistake of a config as it was read; none if it is one."""
    mistakes: list[Mistake] = []
    sections = {field.name: field.type for field in msgspec.structs.fields(Config)}
    for name, table in values.items():
        if name not in sections:
            mistakes.append(Mistake(name, _unknown("section", name, list(sections))))
        elif not isinstance(table, dict):
            mistakes.append(Mistake(name, f"is a section: write [{name}] and its keys below"))
        else:
            mistakes += _explain_section(name, sections[name], table)
            if name == "server":
                mistakes += _explain_ports(table)
    return mistakes


def default_toml() -> str:
    """The default config as a file to start from."""
    lines: list[str] = []
    for section in msgspec.structs.fields(Config):
        lines.append(f"[{section.name}]")
        for name, value in msgspec.structs.asdict(getattr(Config(), section.name)).items():
            lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
        lines.append("")
    return "\n".join(lines)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig([Mistake("", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig([Mistake("", f"is not TOML: {error}")]) from error


def _explain_section(
    section: str, shape: type[Section], table: Mapping[str, object]
) -> Iterator[Mistake]:
    fields = {field.name: field.type for field in msgspec.structs.fields(shape)}
    for name, value in table.items():
        key = f"{section}.{name}"
        if name not in fields:
            yield Mistake(key, _unknown("key", name, list(fields)))
            continue
        try:
            msgspec.convert(value, fields[name])
            _check_words(key, value)
        except msgspec.ValidationError as error:
            yield Mistake(key, _in_words(value, str(error)))
        except (ValueError, FeedFault) as error:
            yield Mistake(key, str(error))


def _check_words(key: str, value: object) -> None:
    """What no type says of one value.  Raises ValueError or FeedFault."""
    if key == "journal.sync":
        parse_sync_policy(str(value))
    elif key == "feed.spec" and value:
        texts = value if isinstance(value, list) else [value]
        for text in texts:
            parse_feed_spec(str(text))
        if len(texts) > 1 and "none" in texts:
            raise ValueError("several feeds make an index; none is not among them")


def _explain_ports(server: Mapping[str, object]) -> Iterator[Mistake]:
    defaults = ServerConfig()
    port = server.get("port", defaults.port)
    if port == server.get("admin_port", defaults.admin_port) != 0:
        yield Mistake("server.admin_port", f"is {port} like server.port; they must differ")


def _unknown(what: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"unknown {what}; {hint}"


def _in_words(value: object, problem: str) -> str:
    """The value, shortened, and what msgspec says of it."""
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:40] + "…"
    return f"is {shown}: {problem[0].lower()}{problem[1:]}"
