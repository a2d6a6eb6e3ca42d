"""A life that ended in a difference, made short and told as a script.  Knows no rule."""

from tests.oracle.compare import Duel, Step

SHRINK_TRIES = 300


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
    """A shorter script that still breaks, found by leaving out ever smaller parts."""
    size = max(1, len(script) // 2)
    while size >= 1 and tries > 0:
        start = 0
        while start < len(script) and tries > 0:
            tries -= 1
            shorter = script[:start] + script[start + size :]
            if broken_by(shorter):
                script = shorter
            else:
                start += size
        size //= 2
    return script


def told(script: list[Step]) -> str:
    """A script as Python that lives it again."""
    lines = ["from tests.oracle.scripts import broken_by", "", "script = ["]
    lines += [f"    {step!r}," for step in script]
    return "\n".join([*lines, "]", "print(broken_by(script))"])
