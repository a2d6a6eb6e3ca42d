"""What every test may ask for.  Knows where things are; the table of families is in `families`.

- `count(name, n)` adds to a figure that is summed over all workers and printed at the end of
  the run: `count("power-loss points", 2_400)` prints `power-loss points: 2,400`.
- `shared` is the folder of recorded data and published examples beside the checkout
  (`$FULCRUM_SHARED` or `../shared`); where it is absent, the test is skipped by name.
- `system_tool(name)` is the path of a program that a test runs; where it is absent, the test
  is skipped, or fails if `REQUIRE_SYSTEM_TESTS=1`.
- Mark what takes more than a second with `pytest.mark.slow`: `make check` leaves it out.
- Hypothesis runs the profile `test` (no database, derandomised: same examples everywhere);
  `HYPOTHESIS_PROFILE=nightly` searches further and at random.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import engine
from tests.families import COUNT_PREFIX, FamilyReport
from tests.shared_folder import SHARED

settings.register_profile(
    "test",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "nightly",
    settings.get_profile("test"),
    derandomize=False,
    max_examples=2_000,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def pytest_configure(config: pytest.Config) -> None:
    """Reports families once, where the results of all workers meet."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(FamilyReport(), "family-report")


def pytest_report_header() -> str:
    """Says which engine is under test: a shadowing build would else go unseen."""
    return f"engine: {'compiled' if engine.COMPILED else 'interpreted'} {engine.__file__}"


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Adds `n` to the figure `name`, printed at the end of the run."""

    def add(name: str, n: int) -> None:
        record_property(COUNT_PREFIX + name, n)

    return add


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded data and published examples; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("no folder of shared data beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def system_tool() -> Callable[[str], Path]:
    """Finds a program on the path; skips where it is absent, or fails if CI requires it."""

    def find(name: str) -> Path:
        found = shutil.which(name)
        if found is None and os.environ.get("REQUIRE_SYSTEM_TESTS") == "1":
            pytest.fail(f"{name} is not installed, and REQUIRE_SYSTEM_TESTS=1")
        if found is None:
            pytest.skip(f"{name} is not installed")
        return Path(found)

    return find
