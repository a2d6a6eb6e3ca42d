"""Runs the command line in this process, and small replays.  Knows the shortest ways to ask."""

from pathlib import Path
from typing import Final

import structlog
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.feeds.price_file import PriceFile
from gateway.replay.run import Outcome, Plan, run
from wal.files import Files
from wal.reader import Batch, LogReader
from wal.recovery import recover

INVENTED: Final = Path(__file__).with_name("invented_trades.csv")


def fulcrum(*arguments: str | Path) -> Result:
    """One call; an exception that the command does not explain is the test's failure."""
    logging = structlog.get_config()  # `serve` sends logs to this call's standard error
    try:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    finally:
        structlog.configure(**logging)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def replayed_venue(directory: Path, users: int = 20) -> str:
    """A stopped venue in a new directory, as a small replay left it; its state hash."""
    result = fulcrum("replay", "--prices", INVENTED, "--users", str(users), "--journal", directory)
    assert result.exit_code == 0
    return result.output.splitlines()[-1].removeprefix("state hash: ")


def small_run(users: int = 60, seed: int = 7, rows: int = 900) -> Outcome:
    """A replay of the first rows of the invented prices."""
    prices = list(PriceFile(INVENTED).rows())[:rows]
    return run(Plan(prices, "file:invented_trades.csv", "BTC", users, seed))


def batches(directory: Path) -> list[Batch]:
    """Every batch of a journal, with its place."""
    files = Files()
    return list(LogReader(files, recover(files, directory)).frames())


def overwrite(path: Path, offset: int, content: bytes) -> None:
    """Change bytes in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)
