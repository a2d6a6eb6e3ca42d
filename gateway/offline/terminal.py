"""What a command says on its way and at its end: progress bars and exit codes.

Knows the operator's terminal; knows nothing of what the commands do.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.config import EXIT_CONFIG, BadConfig
from gateway.feeds.feed import FeedFault
from gateway.sequencer import EXIT_BUG, EXIT_LOG_FAILED
from snapshots.snapshot import SnapshotDamaged
from wal.errors import DataDirectoryLocked, LogDamaged, LogExists, LogFailed, LogMissing

EXIT_TORN: Final = 1
EXIT_DATA: Final = 65
EXIT_UNAVAILABLE: Final = 69
EXIT_TAKEN: Final = 73

EXIT_CODES: Final = """\
\b
Exit codes:
  0   done
  1   verify: whole, but for a batch at the end that a crash cut short
  2   the command line is wrong
  65  the data directory is missing, foreign or damaged; nothing was changed
  69  a port cannot be opened
  70  a bug: an invariant does not hold
  73  the data directory is in use, or holds a journal already
  74  the disk refused
  78  the config or the feed is wrong
"""

# Called with how much is done and how much there is.
Show = Callable[[int, int], None]


def refuse(message: str, code: int) -> NoReturn:
    """End with words on standard error and an exit code."""
    click.echo(f"Error: {message}", err=True)
    raise SystemExit(code)


@contextmanager
def bar(title: str) -> Iterator[Show]:
    """A progress bar on standard error if that is a terminal, otherwise nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def explained() -> Iterator[None]:
    """Turns what can be wrong with data, disk, config and feed into words and an exit code."""
    try:
        yield
    except LogMissing as error:
        make = f"to make an empty venue: fulcrum init {error.directory}"
        refuse(f"{error}; {make}", EXIT_DATA)
    except LogDamaged as error:
        click.echo(damage_line(error), err=True)
        refuse(str(error), EXIT_DATA)
    except SnapshotDamaged as error:
        refuse(str(error), EXIT_DATA)
    except (LogExists, DataDirectoryLocked) as error:
        refuse(str(error), EXIT_TAKEN)
    except LogFailed as error:
        refuse(str(error), EXIT_LOG_FAILED)
    except (BadConfig, FeedFault) as error:
        refuse(str(error), EXIT_CONFIG)
    except AssertionError as error:
        traceback.print_exc()
        refuse(f"an invariant does not hold: {error}", EXIT_BUG)


def damage_line(error: LogDamaged) -> str:
    """The damage as one line of JSON, for scripts."""
    fields = {
        "error": "damaged",
        "file": str(error.path),
        "offset": error.offset,
        "reason": error.reason,
        "lastGoodSequence": error.last_good_sequence,
    }
    return json.dumps(fields)
