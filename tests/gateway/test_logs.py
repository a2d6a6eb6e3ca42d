"""What the operator reads: classes of refusals, never orders, never tokens."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from gateway.logs import RefusalLog, configure
from tests.gateway.house import House


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Other tests get the logger they had: it writes to where this test's output went."""
    yield
    structlog.reset_defaults()


def test_refusals_are_told_by_class_and_only_when_new() -> None:
    told, seen = RefusalLog(), Counter({"B": 1, "A": 2})

    assert told.news(seen) == {"A": 2, "B": 1}
    assert told.news(seen) == {}
    seen["A"] += 5
    assert told.news(seen) == {"A": 5}


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")
    structlog.get_logger("x").info("started", sequence=5, word="line\nbreak")
    structlog.get_logger("x").debug("unseen")

    (line,) = capsys.readouterr().err.splitlines()
    assert {**json.loads(line), "timestamp": ""} == {
        "event": "started",
        "level": "info",
        "sequence": 5,
        "word": "line\nbreak",
        "timestamp": "",
    }


async def test_orders_and_tokens_are_never_logged(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("debug", "json")
    alice = await house.user("alice")
    for amount in ("1", "5000", "x"):
        await alice.order(amount=amount, clientOrderId=f"secret-{amount}")

    captured = capsys.readouterr()
    assert "secret" not in captured.err + captured.out
    assert str(alice.token) not in captured.err + captured.out
