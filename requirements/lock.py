"""Writes the two lock files from pyproject.toml.  Knows uv's output; installs nothing.

Run by `make lock`.  A lock pins every package with the hashes of all its published files and
names no index, so that each machine asks the index that it is configured for.
"""

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent
PYPROJECT = REQUIREMENTS.parent / "pyproject.toml"
HEADER = "# Made by `make lock` from pyproject.toml.  Install with --require-hashes.\n"

# The build backend is locked too: the project itself is installed without build isolation.
BUILD_BACKEND = "setuptools>=77\n"


def compiled(*options: str) -> str:
    """What the resolver pins, hashes included, for every platform and Python from 3.11 on."""
    command = [sys.executable, "-m", "uv", "pip", "compile", str(PYPROJECT), "-"]
    command += ["--universal", "--python-version=3.11", "--generate-hashes", "--no-annotate"]
    command += ["--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-config"]
    finished = subprocess.run(
        [*command, *options], input=BUILD_BACKEND, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise SystemExit(finished.stderr)
    return finished.stdout


def main() -> None:
    """Pins what tests need, then what the venue alone needs, at the same versions."""
    test_lock = REQUIREMENTS / "test.txt"
    test_lock.write_text(HEADER + compiled("--extra=test"))
    run_lock = REQUIREMENTS / "run.txt"
    run_lock.write_text(HEADER + compiled(f"--constraints={test_lock}"))


if __name__ == "__main__":
    main()
