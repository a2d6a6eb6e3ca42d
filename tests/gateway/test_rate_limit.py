"""Token buckets on an injected clock."""

from gateway.rate_limit import RateLimit


class Now:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def take(limit: RateLimit, key: bytes) -> bool:
    bucket = limit.bucket(key)
    if bucket.level < 1.0:
        return False
    bucket.level -= 1.0
    return True


def test_a_burst_then_the_rate() -> None:
    now = Now()
    limit = RateLimit(2, 3, now)

    assert [take(limit, b"a") for _ in range(4)] == [True, True, True, False]
    now.s += 0.5
    assert [take(limit, b"a") for _ in range(2)] == [True, False]
    now.s += 1_000
    assert [take(limit, b"a") for _ in range(4)] == [True, True, True, False]


def test_keys_do_not_share_a_bucket() -> None:
    limit = RateLimit(1, 1, Now())

    assert take(limit, b"a")
    assert take(limit, b"b")
    assert not take(limit, b"a")


def test_the_wait_is_in_whole_seconds_and_never_zero() -> None:
    limit = RateLimit(2, 3, Now())
    bucket = limit.bucket(b"a")
    bucket.level = 0.0
    assert limit.wait_s(bucket) == 1
    bucket.level = -9.5
    assert limit.wait_s(bucket) == 6


def test_the_key_unused_for_longest_is_forgotten_first() -> None:
    limit = RateLimit(1, 1, Now(), capacity=2)
    for key in (b"a", b"b", b"a", b"c"):
        take(limit, key)

    assert len(limit) == 2
    assert not take(limit, b"a")  # still known, still empty
    assert take(limit, b"b")  # forgotten: a full bucket
