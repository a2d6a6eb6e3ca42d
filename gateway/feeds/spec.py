"""What `--feed` means.  Knows the words of the option and makes the feed; knows no prices.

    random_walk[:seed=7,interval_ms=100,volatility=0.0001,spread_bps=2,BTC=65000,ETH=3500]
    file:PATH[,speed=1|N|max][,symbol=BTC/USDT]...[,loop]
    scripted:PATH
    none

PATH ends at the first comma.  `symbol` may be given several times: one file then drives several
markets; without it, the first listed market whose base and settlement asset the file name spells.
Several of these, as several options or a list in the config, make an index: their median.
`BTC=` or `BTC/USDT=` is where a walk starts, for the markets of a base or for one of them.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from engine.instrument import InstrumentSpec
from engine.units import E8
from gateway.feeds.feed import Feed, FeedFault, source_name
from gateway.feeds.file_feed import FileFeed
from gateway.feeds.pace import Monotonic, Pacer, Sleep
from gateway.feeds.price_file import PriceFile
from gateway.feeds.quote import BadPrice, e8_from_decimal, price_e8
from gateway.feeds.random_walk import SPREAD_E8_MAX, VOLATILITY_E8_MAX, RandomWalkFeed, Walk
from gateway.feeds.scripted import ScriptedFeed, load_script

_INTEGER: Final = re.compile(r"[0-9]{1,18}")
_BASE_OR_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9/-]*")
_START_E8: Final = {"BTC": 65_000 * E8, "ETH": 3_500 * E8}
_START_E8_OTHERS: Final = 100 * E8


class BadFeedSpec(FeedFault):
    """A `--feed` that cannot be understood or does not fit the venue; says what to write."""


class RandomWalkSpec(NamedTuple):
    """A seeded walk of every market.  start_e8: by symbol or base, in 10^-8."""

    walk: Walk
    start_e8: dict[str, int]


class FileSpec(NamedTuple):
    """A recorded file.  symbols: empty to go by the file name; speed: None is without waiting."""

    path: Path
    symbols: tuple[str, ...]
    speed: int | None
    loop: bool


class ScriptedSpec(NamedTuple):
    """A script file."""

    path: Path


class NoFeedSpec(NamedTuple):
    """Prices come from the operator alone."""


FeedSpec = RandomWalkSpec | FileSpec | ScriptedSpec | NoFeedSpec


def parse_feed_spec(text: str) -> FeedSpec:
    """What the text asks for; no file is touched.  Raises BadFeedSpec."""
    kind, _, rest = text.partition(":")
    if kind == "random_walk":
        return _random_walk(rest)
    if kind == "file":
        return _file(rest)
    if kind == "scripted":
        return ScriptedSpec(_path("scripted", rest))
    if text == "none":
        return NoFeedSpec()
    raise BadFeedSpec(
        f"unknown feed {text[:40]!r}; write random_walk, file:PATH, scripted:PATH or none"
    )


def make_feed(
    spec: FeedSpec, instruments: Sequence[InstrumentSpec], monotonic: Monotonic, sleep: Sleep
) -> Feed | None:
    """The feed, or None for `none`.  monotonic and sleep: in seconds, the only time it knows.

    Raises FeedFault if the spec does not fit the instruments, or its file cannot be opened.
    """
    pacer = Pacer(monotonic, sleep)
    if isinstance(spec, RandomWalkSpec):
        return RandomWalkFeed(spec.walk, _starts_e8(spec, instruments), pacer)
    if isinstance(spec, FileSpec):
        symbols = _listed(spec.symbols, instruments) or (_spelt(spec.path.name, instruments),)
        return FileFeed(PriceFile(spec.path), symbols, pacer, spec.speed, spec.loop)
    if isinstance(spec, ScriptedSpec):
        steps = load_script(spec.path)
        _listed(tuple(dict.fromkeys(step.symbol for step in steps)), instruments)
        return ScriptedFeed(source_name("scripted", spec.path.name), steps, pacer)
    return None


def _random_walk(text: str) -> RandomWalkSpec:
    options = _options("random_walk", text.split(",") if text else [])
    seed = _integer(options.pop("seed", "7"), "seed", 0, 10**18 - 1)
    interval_ms = _integer(options.pop("interval_ms", "100"), "interval_ms", 1, 3_600_000)
    volatility_e8 = _decimal_e8(options.pop("volatility", "0.0001"), "volatility")
    if volatility_e8 > VOLATILITY_E8_MAX:
        raise BadFeedSpec("feed option volatility: at most 0.1, a tenth of the price in a step")
    spread_e8, rest = divmod(_decimal_e8(options.pop("spread_bps", "2"), "spread_bps"), 10_000)
    if rest or spread_e8 > SPREAD_E8_MAX:
        raise BadFeedSpec("feed option spread_bps: at most 1000 basis points, of four decimals")
    start_e8 = {}
    for key, value in options.items():
        if _BASE_OR_SYMBOL.fullmatch(key) is None:
            known = "seed, interval_ms, volatility, spread_bps, or a start such as BTC=65000"
            raise BadFeedSpec(f"feed random_walk has no option {key[:40]!r}; known: {known}")
        start_e8[key] = _price_e8(value, key)
    return RandomWalkSpec(Walk(seed, interval_ms, volatility_e8, spread_e8), start_e8)


def _file(text: str) -> FileSpec:
    parts = text.split(",")[1:]
    symbols = tuple(part.removeprefix("symbol=") for part in parts if part.startswith("symbol="))
    loops = parts.count("loop")
    if loops > 1 or len(set(symbols)) < len(symbols):
        raise BadFeedSpec("feed file: loop and each symbol are given once")
    others = [part for part in parts if part != "loop" and not part.startswith("symbol=")]
    options = _options("file", others)
    speed_text = options.pop("speed", "1")
    speed = None if speed_text == "max" else _integer(speed_text, "speed", 1, 1_000_000)
    if options:
        known = "speed=N or speed=max, symbol=BTC/USDT, and loop alone"
        raise BadFeedSpec(f"feed file has no option {next(iter(options))[:40]!r}; known: {known}")
    return FileSpec(_path("file", text), symbols, speed, loops == 1)


def _path(kind: str, text: str) -> Path:
    name = text.partition(",")[0] if kind == "file" else text
    if not name:
        raise BadFeedSpec(f"feed {kind} needs a path: {kind}:PATH")
    return Path(name)


def _options(kind: str, parts: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not (key and equals and value):
            raise BadFeedSpec(f"feed {kind}: write options as key=value, not {part[:40]!r}")
        if key in options:
            raise BadFeedSpec(f"feed {kind}: {key[:40]} is given twice")
        options[key] = value
    return options


def _integer(text: str, key: str, low: int, high: int) -> int:
    if _INTEGER.fullmatch(text) is None or not low <= int(text) <= high:
        raise BadFeedSpec(f"feed option {key}: a whole number from {low} to {high}")
    return int(text)


def _decimal_e8(text: str, key: str) -> int:
    try:
        return e8_from_decimal(text)
    except BadPrice as error:
        raise BadFeedSpec(f"feed option {key}: {error}") from None


def _price_e8(text: str, key: str) -> int:
    try:
        return price_e8(text)
    except BadPrice as error:
        raise BadFeedSpec(f"feed option {key}: {error}") from None


def _starts_e8(
    spec: RandomWalkSpec, instruments: Sequence[InstrumentSpec]
) -> Mapping[tuple[str, str], int]:
    if not instruments:
        raise BadFeedSpec("feed random_walk needs at least one listed instrument")
    for name in spec.start_e8:
        if not any(name in (instrument.symbol, instrument.base) for instrument in instruments):
            raise BadFeedSpec(
                f"feed random_walk: {name} is no listed symbol or base: {_names(instruments)}"
            )
    starts: dict[tuple[str, str], int] = {}
    for instrument in instruments:
        by_base = spec.start_e8.get(
            instrument.base, _START_E8.get(instrument.base, _START_E8_OTHERS)
        )
        starts[instrument.symbol, instrument.base] = spec.start_e8.get(instrument.symbol, by_base)
    return starts


def _listed(symbols: tuple[str, ...], instruments: Sequence[InstrumentSpec]) -> tuple[str, ...]:
    """The symbols, each checked to be an instrument's."""
    listed = [instrument.symbol for instrument in instruments]
    for symbol in symbols:
        if symbol not in listed:
            raise BadFeedSpec(f"feed symbol {symbol[:40]!r} is not listed: {_names(instruments)}")
    return symbols


def _spelt(file_name: str, instruments: Sequence[InstrumentSpec]) -> str:
    """The first listed symbol that the file name spells, as BTCUSDT spells BTC and USDT."""
    words = re.split(r"[^A-Z0-9]+", file_name.upper())
    for instrument in instruments:
        if instrument.base + instrument.settlement in words:
            return instrument.symbol
    raise BadFeedSpec(
        f"no market for {file_name}: add symbol=SYMBOL, listed are {_names(instruments)}"
    )


def _names(instruments: Sequence[InstrumentSpec]) -> str:
    return ", ".join(instrument.symbol for instrument in instruments) or "none"
