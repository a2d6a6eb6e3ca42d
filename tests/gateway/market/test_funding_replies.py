"""A channel of funding tells each stamp once, to readers of any pace."""

import pytest

from engine.events import Event, FundingSettled, PremiumSampled
from gateway.market import funding_tape
from gateway.market.channels import NEW, channel_of
from gateway.market.funding_replies import SettlementReply, settlement_reply
from gateway.market.funding_tape import FundingRecord
from tests.gateway.house import Json
from tests.gateway.market.desk import BTC, Desk, decoded

NAME = "funding:BTC-USDT"


def told(desk: Desk, since: int) -> Json:
    channel = channel_of(desk.board, desk.state, lambda: desk.time_ns, NAME)
    message = decoded(channel.frame(since))
    assert (message["channel"], message["sequence"]) == (NAME, channel.position())
    return message


def stamp(desk: Desk, number: int) -> int:
    """A stamp settled; its command's sequence."""
    desk.wait(60)
    event: Event = FundingSettled(BTC, number * 60_000_000_000, number * 1_000, 2_000_000)
    return desk.command(event)


def test_a_reader_is_told_each_stamp_once() -> None:
    desk = Desk()
    first = stamp(desk, 1)
    second = stamp(desk, 2)
    sampled = desk.command(PremiumSampled(BTC, 5))
    third = stamp(desk, 3)

    messages = [told(desk, since) for since in (NEW, first, second, sampled)]
    kinds = [(m["type"], m["prevSequence"]) for m in messages]
    assert kinds == [
        *(("snapshot", None), ("update", first), ("update", second), ("update", sampled)),
    ]
    settled = [[s["sequence"] for s in m["data"]["settlements"]] for m in messages]
    assert settled == [[], [second, third], [third], [third]]
    assert [m["data"]["lastRate"] for m in messages] == ["0.00003"] * 4


def test_a_reader_who_missed_too_many_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funding_tape, "KEPT_MAX", 2)
    desk = Desk()
    first = stamp(desk, 1)
    for number in (2, 3, 4):
        stamp(desk, number)

    message = told(desk, first)

    assert (message["type"], message["prevSequence"]) == ("reset", None)
    assert message["data"]["settlements"] == []


def test_a_stamp_at_which_nobody_paid_has_no_mark() -> None:
    desk = Desk()
    record = FundingRecord(60_000_000_000, -25_000, 0, 9, 61_000_000_000)

    assert settlement_reply(desk.market, record) == SettlementReply(
        "BTC/USDT", 60_000, "-0.00025", None, 9, 61_000
    )
