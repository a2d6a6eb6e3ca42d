"""The locks pin what pyproject.toml asks for, with hashes, and name no index."""

import re
import tomllib
from typing import Final

import pytest

from tests.architecture.locks import lock_findings, pins
from tests.architecture.sources import ROOT, Source, read

RUN: Final = read(ROOT / "requirements" / "run.txt")
TEST: Final = read(ROOT / "requirements" / "test.txt")
HASH: Final = "    --hash=sha256:" + "0" * 64


def test_the_locks_are_pins_and_hashes_alone() -> None:
    assert lock_findings(RUN) + lock_findings(TEST) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"rich==15.0.0 \\\n{HASH}", []),
        (f"# a comment\nrich==15.0.0 \\\n{HASH} \\\n{HASH}", []),
        ("rich==15.0.0 \\", ["a.txt:1: a pin without a hash"]),
        ("rich==15.0.0", ["a.txt:1: neither a pin nor a hash"]),
        ("rich>=15", ["a.txt:1: neither a pin nor a hash"]),
        ("--extra-index-url https://example.com", ["a.txt:1: neither a pin nor a hash"]),
        (f"--find-links wheels\nrich==1 \\\n{HASH}", ["a.txt:1: neither a pin nor a hash"]),
    ],
)
def test_what_a_lock_may_not_hold_is_found(text: str, expected: list[str]) -> None:
    assert lock_findings(Source("a.txt", text)) == expected


def test_running_and_testing_use_the_same_versions() -> None:
    tested = {(name, version) for name, version, _ in pins(TEST)}

    assert {(name, version) for name, version, _ in pins(RUN)} <= tested


def test_everything_that_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[><=]", one)[0] for one in requirements} - {"fulcrum"}

    assert names(project["dependencies"]) <= {name for name, _, _ in pins(RUN)}
    assert names(project["dependencies"] + extras) <= {name for name, _, _ in pins(TEST)}
