"""A table from dense integer ids to objects.  Knows chunks; knows nothing of what it holds.

A dict of a million entries stops the process for tens of milliseconds when it grows; a list of
chunks does not, and a chunk whose ids are all gone is given back.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar, final

CHUNK_BITS: Final = 10
CHUNK_IDS: Final = 1 << CHUNK_BITS
CHUNK_MASK: Final = CHUNK_IDS - 1

T = TypeVar("T")


@final
class IdTable(Generic[T]):
    """Objects by id, in order of id."""

    __slots__ = ("_chunks", "_live", "count")

    def __init__(self) -> None:
        # Invariant: _live[i] is the number of objects in _chunks[i]; a chunk without any is None.
        self._chunks: list[list[T | None] | None] = []
        self._live: list[int] = []
        self.count = 0

    def get(self, object_id: int) -> T | None:
        """The object, or None if there is none by this id."""
        place = object_id >> CHUNK_BITS
        if not 0 <= place < len(self._chunks):
            return None
        chunk = self._chunks[place]
        return None if chunk is None else chunk[object_id & CHUNK_MASK]

    def put(self, object_id: int, value: T) -> None:
        """Enter an object under a new id."""
        place = object_id >> CHUNK_BITS
        chunk = self._chunks[place] if place < len(self._chunks) else None
        if chunk is None:
            chunk = self._make_chunk(place)
        slot = object_id & CHUNK_MASK
        assert chunk[slot] is None
        chunk[slot] = value
        self._live[place] += 1
        self.count += 1

    def _make_chunk(self, place: int) -> list[T | None]:
        while place >= len(self._chunks):
            self._chunks.append(None)
            self._live.append(0)
        chunk: list[T | None] = [None] * CHUNK_IDS
        self._chunks[place] = chunk
        return chunk

    def remove(self, object_id: int) -> None:
        """Take an object out; it must be there."""
        place = object_id >> CHUNK_BITS
        chunk = self._chunks[place]
        slot = object_id & CHUNK_MASK
        assert chunk is not None
        assert chunk[slot] is not None
        chunk[slot] = None
        self._live[place] -= 1
        self.count -= 1
        if self._live[place] == 0:
            self._chunks[place] = None

    def values(self) -> Iterator[T]:
        """Every object, by id."""
        for chunk in self._chunks:
            if chunk is not None:
                for value in chunk:
                    if value is not None:
                        yield value
