"""How long a venue takes to be back: from its journal alone, and from its snapshot.

Each restart is a process of its own and does what `fulcrum serve` does before it listens: engine,
history of the accounts, every check.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.figures import Figure
from bench.journals import decode_all, scratch_directory, write_journal
from bench.sizes import Sizes
from gateway.data import open_data
from wal.files import Files

ROOT: Final = Path(__file__).resolve().parents[1]


def restart(directory: Path, write_snapshot: bool) -> dict[str, float]:
    """Seconds to restore, and to read and decode the journal alone; how much was replayed."""
    begin = time.perf_counter()
    data = open_data(Files(), directory)
    seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    decode_all(directory)
    decode_seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    if write_snapshot:
        data.write_snapshot()
    snapshot_seconds = time.perf_counter() - begin
    data.close()
    return {
        "seconds": seconds,
        "decode": decode_seconds,
        "snapshot": snapshot_seconds,
        "replayed": data.replayed,
    }


def in_own_process(task: str, directory: Path, *numbers: int) -> dict[str, float]:
    """One task of this module by a new process."""
    command = [sys.executable, "-m", "bench.restart", task, str(directory), *map(str, numbers)]
    finished = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    answer: dict[str, float] = json.loads(finished.stdout)
    return answer


def figures(sizes: Sizes) -> Iterator[Figure]:
    """From the journal once, for it takes a minute; from the snapshot in rounds."""
    with scratch_directory() as directory:
        count = int(in_own_process("write", directory, sizes.accounts, sizes.long_journal)["count"])
        first = in_own_process("first", directory)
        assert first["replayed"] == count
        name = f"after {count:,} commands"
        figure = Figure("restart", f"{name}, once", "s", [first["seconds"]])
        figure.beside, figure.beside_rounds = "decoded only", [first["decode"]]
        yield figure
        yield Figure("restart", "its snapshot written, once", "s", [first["snapshot"]])
        again = [in_own_process("again", directory) for _ in range(sizes.rounds)]
        assert all(each["replayed"] == 0 for each in again)
        seconds = [each["seconds"] for each in again]
        figure = Figure("restart", f"{name} and their snapshot", "s", seconds)
        figure.beside = "decoded only"
        figure.beside_rounds = [each["decode"] for each in again]
        yield figure


if __name__ == "__main__":
    given, where, *rest = sys.argv[1:]
    if given == "write":
        answered: dict[str, float] = {"count": write_journal(Path(where), *map(int, rest))}
    else:
        answered = restart(Path(where), write_snapshot=given == "first")
    print(json.dumps(answered))
