"""One token bucket per key.  Knows monotonic time and counts; knows nothing of requests."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, final

Monotonic = Callable[[], float]  # seconds since anywhere


@final
class Bucket:
    """What is left to one key: `level` requests, as of `at_s`."""

    __slots__ = ("at_s", "level")

    def __init__(self, level: float, at_s: float) -> None:
        self.level = level
        self.at_s = at_s


@final
class RateLimit:
    """Buckets that refill at `per_second` up to `burst`, for the keys used last.

    capacity: how many keys are remembered.  The one unused for longest is forgotten first and
        comes back with a full bucket.
    """

    def __init__(
        self, per_second: int, burst: int, monotonic: Monotonic, capacity: int = 100_000
    ) -> None:
        assert per_second >= 1
        assert burst >= 1
        assert capacity >= 1
        self.burst: Final = burst
        self.per_second: Final = per_second
        self._monotonic: Final = monotonic
        self._capacity: Final = capacity
        self._buckets: Final[OrderedDict[bytes, Bucket]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def bucket(self, key: bytes) -> Bucket:
        """The key's bucket, filled up to now."""
        now_s = self._monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._capacity:
                self._buckets.popitem(last=False)
            bucket = Bucket(float(self.burst), now_s)
            self._buckets[key] = bucket
            return bucket
        self._buckets.move_to_end(key)
        level = bucket.level + (now_s - bucket.at_s) * self.per_second
        bucket.level = level if level < self.burst else float(self.burst)
        bucket.at_s = now_s
        return bucket

    def wait_s(self, bucket: Bucket) -> int:
        """Whole seconds, at least 1, until the bucket has one request again."""
        return max(1, -int(-(1.0 - bucket.level) // self.per_second))
