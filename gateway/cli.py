"""The command `fulcrum`: words and options to calls, results to words and exit codes.

Knows the terminal and where each thing is done; decides nothing itself.
"""

import errno
import json
import secrets
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from gateway import app
from gateway.config import EXIT_CONFIG, BadConfig, Config, default_toml, load_config
from gateway.data import open_data
from gateway.demo import Demo, ForeignVenue, TokensDamaged
from gateway.logs import configure
from gateway.offline.inspection import Finding, Place, inspect, look
from gateway.offline.journal_lines import dump_commands
from gateway.offline.keys import keys
from gateway.offline.terminal import (
    EXIT_CODES,
    EXIT_DATA,
    EXIT_TORN,
    EXIT_UNAVAILABLE,
    bar,
    explained,
    refuse,
)
from gateway.replay.command import replay
from gateway.sequencer import EXIT_LOG_FAILED
from gateway.venue import VERSION
from snapshots.snapshot import state_hash
from wal.directory import initialise
from wal.errors import LogMissing
from wal.files import Files
from wal.segment import LEDGER_ID_BYTES

DIRECTORY: Final = click.Path(path_type=Path)
_ADDRESS_ERRORS: Final = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="fulcrum")
def main() -> None:
    """A leveraged-trading venue in one process."""


main.add_command(keys)
main.add_command(replay)


@main.command()
@click.argument("data", type=DIRECTORY)
def init(data: Path) -> None:
    """Make an empty venue in the directory DATA."""
    with explained():
        if look(Files(), data) is Place.FOREIGN:
            _refuse_foreign(data)
        initialise(Files(), data, secrets.token_bytes(LEDGER_ID_BYTES))
    click.echo(f"an empty venue is in {data}; next:")
    click.echo(f"  fulcrum keys new {data} --scopes admin")
    click.echo(f"  fulcrum serve --data {data}")


def _refuse_foreign(data: Path) -> None:
    refuse(f"{data} has files but no journal; nothing is made or served there", EXIT_DATA)


@main.command()
@click.option("--demo", is_flag=True, help="Markets, two funded users, prices; made if absent.")
@click.option("--no-maker", is_flag=True, help="Leave the demo's order-driven market unquoted.")
@click.option("--config", "file", type=DIRECTORY, help="A TOML file; see `fulcrum config`.")
@click.option("--data", help="The data directory.  [default: data]")
@click.option("--host", help="Where clients connect.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="0 is any free one.  [default: 8080]")
@click.option("--admin-port", type=int, help="Always on 127.0.0.1.  [default: 8081]")
@click.option(
    "--feed",
    multiple=True,
    help="random_walk[:seed=7,interval_ms=100], file:PATH[,speed=60], scripted:PATH or none; given"
    " several times, the index is their median.  [default: random_walk in a demo, else none]",
)
def serve(
    demo: bool,
    no_maker: bool,
    file: Path | None,
    data: str | None,
    host: str | None,
    port: int | None,
    admin_port: int | None,
    feed: tuple[str, ...],
) -> None:
    """Serve the venue of a data directory until Ctrl-C."""
    options: dict[str, object | None] = {
        "journal.data": data,
        "server.host": host,
        "server.port": port,
        "server.admin_port": admin_port,
        "feed.spec": _feeds(feed),
    }
    with explained():
        given = {key: value for key, value in options.items() if value is not None}
        config = load_config(file, given)
        configure(config.log.level, config.log.format)
        try:
            directory = Path(config.journal.data)
            _serve(config, Demo(Files(), directory, not no_maker) if demo else None)
        except (ForeignVenue, TokensDamaged) as error:
            refuse(str(error), EXIT_DATA)
        except OSError as error:
            if error.errno in _ADDRESS_ERRORS or isinstance(error, socket.gaierror):
                refuse(f"cannot listen: {error}", EXIT_UNAVAILABLE)
            refuse(f"the disk refused: {error}", EXIT_LOG_FAILED)


def _feeds(texts: tuple[str, ...]) -> str | list[str] | None:
    """As the config has it: nothing, one, or several."""
    return list(texts) if len(texts) > 1 else next(iter(texts), None)


def _serve(config: Config, demo: Demo | None) -> None:
    files, directory = Files(), Path(config.journal.data)
    place = look(files, directory)
    if place is Place.FOREIGN:
        _refuse_foreign(directory)
    if place is Place.EMPTY:
        if demo is None:
            raise LogMissing(directory)
        initialise(files, directory, secrets.token_bytes(LEDGER_ID_BYTES))
    with ExitStack() as replaying:
        progress = replaying.enter_context(bar("replaying"))

        def ready(addresses: app.Addresses) -> None:
            replaying.close()
            plain = f"serving http://{addresses.host}:{addresses.port}"
            click.echo(plain if demo is None else demo.welcome(addresses))

        prepare = app.no_preparation if demo is None else demo.prepare
        beside = app.no_companion if demo is None else demo.make_market
        app.run(config, demo is not None, prepare, ready, progress, beside)


@main.command()
@click.argument("data", type=DIRECTORY)
def snapshot(data: Path) -> None:
    """Write a snapshot of the stopped venue in DATA."""
    with explained(), bar("replaying") as progress:
        if look(Files(), data) is not Place.VENUE:
            raise LogMissing(data)
        opened = open_data(Files(), data, progress)
        try:
            path = opened.write_snapshot()
        except OSError as error:
            refuse(f"the disk refused: {error}", EXIT_LOG_FAILED)
        finally:
            opened.close()
    state = opened.engine.state
    click.echo(f"snapshot: {path}")
    click.echo(f"sequence: {state.sequence}")
    click.echo(f"state hash: {state_hash(state).hex()}")


@main.command()
@click.argument("data", type=DIRECTORY)
@click.option("--deep", is_flag=True, help="Replay from the beginning, past every snapshot.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def verify(data: Path, deep: bool, as_json: bool) -> None:
    """Check every byte and every rule in DATA; reads only, a venue may be running there.

    Without --deep the replay begins at the newest snapshot.
    """
    with explained(), bar("verifying") as progress:
        finding = inspect(Files(), data, deep, progress)
    facts = _facts(finding)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        for name, value in facts.items():
            click.echo(f"{name}: {value}")
    if finding.torn_bytes:
        sys.exit(EXIT_TORN)


def _facts(finding: Finding) -> dict[str, str | int]:
    tail = f"torn, {finding.torn_bytes} bytes never acknowledged"
    return {
        "segments": len(finding.log.segments),
        "records": finding.records,
        "tail": tail if finding.torn_bytes else "clean",
        "snapshots": finding.snapshots,
        "replayed from": finding.replayed_from,
        "sequence": finding.state.sequence,
        "ledger sum": finding.state.ledger.sum_atoms(),
        "event chain": finding.state.event_chain.hex(),
        "state hash": finding.state_hash,
    }


@main.group()
def wal() -> None:
    """The journal."""


@wal.command()
@click.argument("data", type=DIRECTORY)
@click.option("--from", "from_sequence", type=click.IntRange(1), default=1, help="First sequence.")
@click.option("--to", "to_sequence", type=click.IntRange(1), help="Last sequence.")
def dump(data: Path, from_sequence: int, to_sequence: int | None) -> None:
    """Print the commands in DATA as JSON lines; reads only."""
    with explained():
        dump_commands(Files(), data, sys.stdout, from_sequence, to_sequence)


@main.group()
def config() -> None:
    """The config: one TOML file, with a default for everything."""


@config.command()
@click.argument("file", type=DIRECTORY)
def check(file: Path) -> None:
    """Explain every mistake in FILE."""
    try:
        load_config(file)
    except BadConfig as error:
        for mistake in error.mistakes:
            click.echo(f"{file}: {mistake}", err=True)
        sys.exit(EXIT_CONFIG)
    click.echo(f"{file}: no mistakes")


@config.command()
def default() -> None:
    """Print the defaults, as a file to start from."""
    click.echo(default_toml(), nl=False)
