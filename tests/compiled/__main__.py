"""`make compiled`: builds the engine, runs its tests compiled, and compares the hashes.

Exit status 0 without a compiler, saying so by name; 1 if `REQUIRE_SYSTEM_TESTS=1` asks for one.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.compiled.build import PYTHON, ROOT, TREE, compiler, copy_tree, make_environment

TESTS: Final = (
    "tests/engine",
    "tests/oracle",
    "tests/scenarios",
    "tests/vectors",
    "tests/compiled",
)


def hash_lines(python: str | Path, tree: Path) -> list[str]:
    """What `tests.compiled.hashes` prints in one tree; its first line names the mode."""
    command = [str(python), "-m", "tests.compiled.hashes"]
    finished = subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE, text=True)
    return finished.stdout.splitlines()


def main(arguments: list[str]) -> int:
    """Exit status: that of the tests, or 1 if the hashes differ."""
    if compiler() is None:
        print("skipped: compiled engine: there is no C compiler")
        return 1 if os.environ.get("REQUIRE_SYSTEM_TESTS") == "1" else 0
    make_environment()
    copy_tree()

    interpreted, compiled = hash_lines(sys.executable, ROOT), hash_lines(PYTHON, TREE)
    print(*interpreted, *compiled, sep="\n", flush=True)
    if [interpreted[0], compiled[0]] != ["interpreted", "compiled"]:
        print("the modes are not the two that were to be compared")
        return 1
    if interpreted[1:] != compiled[1:]:
        print("the hashes differ")
        return 1
    if not compiled[-1].endswith(" never -"):
        print("the lives left out what the engine can do")
        return 1

    environment = {**os.environ, "FULCRUM_ENGINE": "compiled"}
    command = [str(PYTHON), "-m", "pytest", "-n", "2", *TESTS, *arguments]
    return subprocess.run(command, cwd=TREE, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
