"""A data directory is made once and held by one process at a time: tried with real processes."""

import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.simulation.simulated_files import Operation, PowerLoss, SimulatedFiles
from tests.wal.journals import LEDGER_ID
from wal.directory import has_log, initialise, lock_directory
from wal.errors import DataDirectoryLocked, LogExists, LogFailed
from wal.files import Files
from wal.recovery import recover

ROOT = Path(__file__).resolve().parents[2]
NESTED = Path("/srv/fulcrum/data")

HOLD = """
import sys
from pathlib import Path
from wal.directory import lock_directory
from wal.errors import DataDirectoryLocked
from wal.files import Files
sys.stdin.readline()
try:
    lock = lock_directory(Files(), Path(sys.argv[1]))
except DataDirectoryLocked as locked:
    print(locked, flush=True)
else:
    print("mine", flush=True)
    sys.stdin.readline()
"""


class Contender:
    """A process that takes the lock when told to, and holds it until told to end."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate("end\n", timeout=30)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=30)


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    holder = Contender(tmp_path)
    holder.go()
    assert holder.answer() == "mine"

    with pytest.raises(DataDirectoryLocked) as locked:
        lock_directory(Files(), tmp_path)

    assert locked.value.holder_pid == holder.process.pid
    assert str(locked.value) == f"{tmp_path} is in use by process {holder.process.pid}"
    holder.end()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    holder = Contender(tmp_path)
    holder.go()
    assert holder.answer() == "mine"
    holder.kill()

    lock_directory(Files(), tmp_path).release()


def test_the_same_directory_under_another_name_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    lock = lock_directory(Files(), tmp_path / "data")

    with pytest.raises(DataDirectoryLocked):
        lock_directory(Files(), tmp_path / "link")
    lock.release()


@pytest.mark.slow
def test_of_many_starts_at_once_exactly_one_wins(tmp_path: Path) -> None:
    for number in range(3):
        directory = tmp_path / str(number)
        directory.mkdir()
        contenders = [Contender(directory) for _ in range(8)]
        for contender in contenders:
            contender.go()
        answers = [contender.answer() for contender in contenders]
        for contender in contenders:
            contender.end()

        assert answers.count("mine") == 1
        assert sum("is in use by" in answer for answer in answers) == 7


def test_a_lock_whose_holder_said_nothing_is_still_a_lock(tmp_path: Path) -> None:
    files = Files()
    descriptor = files.lock(tmp_path / "LOCK")

    with pytest.raises(DataDirectoryLocked, match="in use by another process"):
        lock_directory(files, tmp_path)
    files.close(descriptor)


def test_a_journal_is_made_with_all_directories_above_it(tmp_path: Path) -> None:
    for files, root in ((Files(), tmp_path), (SimulatedFiles(), Path("/"))):
        directory = root / "srv" / "data"
        initialise(files, directory, LEDGER_ID)

        assert has_log(files, directory)
        assert files.listdir(directory) == ["LOCK", "wal"]
        log = recover(files, directory)
        assert (log.first_sequence, log.last_sequence, log.epoch) == (1, 0, 0)
        assert log.ledger_id == LEDGER_ID
        with pytest.raises(LogExists):
            initialise(files, directory, LEDGER_ID)


def test_a_journal_is_not_made_while_another_process_holds_the_directory(tmp_path: Path) -> None:
    lock = lock_directory(Files(), tmp_path)

    with pytest.raises(DataDirectoryLocked):
        initialise(Files(), tmp_path, LEDGER_ID)
    lock.release()
    assert not has_log(Files(), tmp_path)


def test_a_journal_once_made_survives_a_power_loss_and_half_made_can_be_made_again() -> None:
    """Loses power before every operation of `initialise`, and after it, several times each."""
    whole = SimulatedFiles()
    initialise(whole, NESTED, LEDGER_ID)
    for stop in range(1, whole.operations + 2):
        for seed in range(20):
            files = SimulatedFiles()

            def die(operation: Operation, stop: int = stop) -> None:
                if operation.number == stop:
                    raise PowerLoss

            files.hook = die
            try:
                initialise(files, NESTED, LEDGER_ID)
                made = True
            except PowerLoss:
                made = False
            files = files.crash(Random(seed))
            assert has_log(files, NESTED) or not made
            if not has_log(files, NESTED):
                initialise(files, NESTED, LEDGER_ID)
            assert recover(files, NESTED).last_sequence == 0


def test_a_directory_that_cannot_be_made_is_a_failure_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(LogFailed, match="data"):
        initialise(Files(), tmp_path / "data", LEDGER_ID)
