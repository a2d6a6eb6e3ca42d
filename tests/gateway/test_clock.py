"""The wall clock that never goes back."""

from gateway.clock import Clock


def test_a_clock_set_back_waits() -> None:
    walls = iter([5, 7, 3, 6, 8])
    clock = Clock(6, lambda: next(walls))

    assert [clock.now_ns() for _ in range(5)] == [6, 7, 7, 7, 8]
