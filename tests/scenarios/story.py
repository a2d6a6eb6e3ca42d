"""A scenario file: blocks of commands, each with what a person expects and what came of it.

    # A sentence and the codes of the rules it proves.
    commands, and lines that begin with `expect` or `show`
    ----
    what the venue says

The part below `----` is written by `pytest tests/scenarios --update-scenarios` and read as a
diff; an `expect` line is worked out by hand and never rewritten.  A blank line ends a block.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from tests.scenarios.facts import shown, unexpected
from tests.scenarios.language import read_line
from tests.scenarios.telling import told
from tests.scenarios.world import World

DIVIDER: Final = "----"
RULE_CODE: Final = re.compile(r"\b[A-Z]{3}-\d+[a-z]?\b")


class Block(NamedTuple):
    """Some commands, comments included, and what was said."""

    commands: list[str]
    output: list[str]


class Told(NamedTuple):
    """What a run of a story came to."""

    blocks: list[Block]
    unexpected: list[str]
    commands: int


def read_story(text: str) -> list[Block]:
    """The blocks of a file.  Raises ValueError if the last one has no divider."""
    blocks: list[Block] = []
    commands: list[str] = []
    output: list[str] | None = None
    for line in [*text.splitlines(), ""]:
        if line == DIVIDER:
            output = []
        elif output is None:
            commands.append(line)
        elif line == "":
            blocks.append(Block(commands, output))
            commands, output = [], None
        else:
            output.append(line)
    if any(commands):
        raise ValueError(f"a block without {DIVIDER}")
    return blocks


def tell(blocks: list[Block], world: World) -> Told:
    """Runs the commands of every block."""
    retold: list[Block] = []
    surprises: list[str] = []
    for block in blocks:
        output: list[str] = []
        for line in block.commands:
            if line.startswith("expect "):
                subject, expectations = parsed_expectation(line)
                surprises += unexpected(world, subject, expectations)
            elif line.startswith("show "):
                output += shown(world, line.removeprefix("show "))
            elif line and not line.startswith("#"):
                for command in read_line(world, line):
                    output += told(world, world.apply(command))
        retold.append(Block(block.commands, output))
    return Told(retold, surprises, len(world.applied))


def parsed_expectation(line: str) -> tuple[str, str]:
    """`expect position 2: margin 100, cost 2000` in two parts."""
    subject, expectations = line.removeprefix("expect ").split(": ")
    return subject, expectations


def text_of(blocks: list[Block]) -> str:
    """The file of these blocks."""
    parts = ["\n".join([*block.commands, DIVIDER, *block.output]) for block in blocks]
    return "\n\n".join(parts) + "\n"


def opening(text: str) -> str:
    """The comment that a file opens with."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def codes_of(text: str) -> set[str]:
    """The rule codes that a text names."""
    return set(RULE_CODE.findall(text))


def story_files() -> list[Path]:
    """All scenario files, by name."""
    return sorted(Path(__file__).parent.glob("*.txt"))
