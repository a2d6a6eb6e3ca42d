"""Which rules the engine's README has, which files name them, and the table that says so."""

import re
from pathlib import Path
from typing import Final

from tests.scenarios.story import codes_of, opening, story_files

TESTS: Final = Path(__file__).resolve().parents[1]
README: Final = TESTS.parent / "engine" / "README.md"
TESTED: Final = ("engine", "snapshots", "vectors")
HEADING: Final = "## What proves each rule"
INTRODUCTION: Final = (
    "The stories (`tests/scenarios/*.txt`, which a trader can read) and tests that name a rule."
    "  Written by\n`pytest tests/scenarios --update-scenarios` and checked by it without the flag."
)
DEFINITION: Final = re.compile(r"\*\*([A-Z]{3}-\d+[a-z]?)\*\*")


def rule_codes(readme: str) -> set[str]:
    """The codes that a README defines."""
    return set(DEFINITION.findall(readme))


def codes_by_source() -> dict[str, set[str]]:
    """The codes named by each scenario's opening and by each test, by path under tests."""
    named = {place(path): codes_of(opening(path.read_text())) for path in story_files()}
    for folder in TESTED:
        for path in sorted((TESTS / folder).glob("test_*.py")):
            named[place(path)] = codes_of(path.read_text())
    return named


def place(path: Path) -> str:
    """`scenarios/maintenance_tiers`, `engine/test_margin`."""
    return str(path.relative_to(TESTS).with_suffix(""))


def proofs(readme: str) -> dict[str, list[str]]:
    """Each rule in the order of the README, with the files that name it, stories first."""
    named = codes_by_source()
    return {code: [path for path in named if code in named[path]] for code in defined(readme)}


def defined(readme: str) -> list[str]:
    """The codes that a README defines, in its order."""
    return list(dict.fromkeys(DEFINITION.findall(readme)))


def table(readme: str) -> str:
    """The section of the README that says what proves each rule."""
    rows = [f"| {code} | {', '.join(paths)} |" for code, paths in proofs(readme).items()]
    return "\n".join(
        [HEADING, "", INTRODUCTION, "", "| rule | proved by |", "|---|---|", *rows, ""]
    )


def with_table(readme: str) -> str:
    """The README with the section as it should be, at its end."""
    before, _, _ = readme.partition("\n" + HEADING)
    return before.rstrip("\n") + "\n\n" + table(readme)
