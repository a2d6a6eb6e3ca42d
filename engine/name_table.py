"""A table from names to values, in shards.  Knows dicts; knows nothing of what it holds.

A dict of a million entries stops the process for tens of milliseconds when it grows; shards grow
one at a time.  Which shard a name is in is never seen outside, and never depends on `hash()`.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar, final

SHARDS: Final = 256
SHARD_MASK: Final = SHARDS - 1
SPREAD: Final = 10  # three digits give a thousand places

Name = TypeVar("Name", str, bytes)
T = TypeVar("T")


@final
class NameTable(Generic[Name, T]):
    """Values by a text or some bytes, none of them empty."""

    __slots__ = ("_shards", "count")

    def __init__(self) -> None:
        self._shards: Final[list[dict[Name, T]]] = [{} for _ in range(SHARDS)]
        self.count = 0

    def get(self, name: Name) -> T | None:
        """The value, or None if the name is not known."""
        return self._shards[shard_of(name)].get(name) if name else None

    def __contains__(self, name: Name) -> bool:
        return self.get(name) is not None

    def __getitem__(self, name: Name) -> T:
        return self._shards[shard_of(name)][name]

    def add(self, name: Name, value: T) -> None:
        """Enter a new name."""
        shard = self._shards[shard_of(name)]
        assert name not in shard
        shard[name] = value
        self.count += 1

    def names(self) -> list[Name]:
        """All names, sorted."""
        return sorted(name for shard in self._shards for name in shard)

    def items(self) -> Iterator[tuple[Name, T]]:
        """All names with their values, by name."""
        return ((name, self[name]) for name in self.names())


def shard_of(name: str | bytes) -> int:
    """Where a name is kept: by its last three characters, which tell counted names apart."""
    place = 0
    for character in name[-3:].encode() if isinstance(name, str) else name[-3:]:
        place = SPREAD * place + character
    return place & SHARD_MASK
