"""What a long run is, and how it says that it cannot begin.  Knows no job and no shard."""

from collections.abc import Callable
from typing import NamedTuple


class Job(NamedTuple):
    """What is called with a seed and a budget in seconds, and the least budget it can use."""

    run: Callable[[int, float], dict[str, int]]
    seconds_min: float = 0.0


class Skipped(Exception):
    """Raised by a job that cannot begin; its text is the reason."""
