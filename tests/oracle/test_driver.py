"""Engine and oracle live the same lives and agree after every command, for every kind of rule."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.oracle.driver import STEPS, missed, run

SHARDS: Final = 5
SHARD_STEPS: Final = 24_000
MET_AT_LEAST: Final = 4
ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, SHARDS + 1))
def test_the_engine_does_what_the_oracle_does(seed: int, count: Callable[[str, int], None]) -> None:
    counted = run(seed, SHARD_STEPS)

    assert missed(counted, MET_AT_LEAST) == []
    assert counted[STEPS] == SHARD_STEPS
    for name, times in counted.items():
        count(f"oracle {name}", times)


@pytest.mark.slow
def test_a_life_has_one_hash_whatever_the_hash_seed() -> None:
    script = "from tests.oracle.driver import fingerprint; print(fingerprint('hash seeds', 2_000))"
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "4242")
    ]

    assert len(printed[0]) > 128
    assert printed == [printed[0]] * 3
