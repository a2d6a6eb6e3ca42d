"""A life that ended in a difference, made short and told as a script.  Knows no rule."""

import re
from typing import Final

from tests.oracle.compare import Duel, Step

SHRINK_TRIES: Final = 300
KIND_LENGTH: Final = 40


def broken_by(script: list[Step]) -> str:
    """How engine and oracle differ in a script; empty if they do not."""
    duel = Duel()
    try:
        for step in script:
            duel.apply(*step)
        duel.deep_check()
    except AssertionError as difference:
        return f"{type(difference).__name__}: {difference}"
    return ""


def shrunk(script: list[Step], tries: int = SHRINK_TRIES) -> list[Step]:
    """A shorter script that breaks in the same way, found by leaving out ever smaller parts."""
    kind = kind_of(broken_by(script))
    size = max(1, len(script) // 2)
    while size >= 1 and tries > 0:
        start = 0
        while start < len(script) and tries > 0:
            tries -= 1
            shorter = script[:start] + script[start + size :]
            if kind_of(broken_by(shorter)) == kind:
                script = shorter
            else:
                start += size
        size //= 2
    return script


def kind_of(difference: str) -> str:
    """How a difference begins, whatever its numbers are."""
    return re.sub(r"\d+", "#", difference)[:KIND_LENGTH]


def told(script: list[Step]) -> str:
    """A script as Python that lives it again."""
    lines = ["from tests.oracle.scripts import broken_by", "", "script = ["]
    lines += [f"    {step!r}," for step in script]
    return "\n".join([*lines, "]", "print(broken_by(script))"])
