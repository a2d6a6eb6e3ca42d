"""Which rules the engine's README has, and which files name them."""

import re
from pathlib import Path
from typing import Final

from tests.scenarios.story import codes_of, opening, story_files

TESTS: Final = Path(__file__).resolve().parents[1]
README: Final = TESTS.parent / "engine" / "README.md"
DEFINITION: Final = re.compile(r"\*\*([A-Z]{3}-\d+[a-z]?)\*\*")


def rule_codes(readme: str) -> set[str]:
    """The codes that a README defines."""
    return set(DEFINITION.findall(readme))


def codes_by_source() -> dict[str, set[str]]:
    """The codes named by each scenario's opening and by each test of the engine."""
    named = {path.name: codes_of(opening(path.read_text())) for path in story_files()}
    for path in sorted((TESTS / "engine").glob("test_*.py")):
        named[path.name] = codes_of(path.read_text())
    return named
