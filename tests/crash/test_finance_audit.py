"""What the audit of funding and settings would notice: each lie is found."""

from typing import Final, NamedTuple

import msgspec
import pytest

from engine.commands import (
    GTC,
    AdvanceTime,
    Command,
    Deposit,
    Leg,
    ListInstrument,
    OpenAccount,
    SetLeverage,
    Side,
    UpdatePrice,
)
from engine.engine import Engine
from engine.events import Event, FundingPaid, FundingSettled
from engine.instrument import perpetual_instrument
from engine.state import State
from engine.units import E8, AccountId, PositionId
from tests.crash.bots.finance import FinanceSightings, Payment
from tests.crash.bots.finance_audit import FinanceWitness
from tests.crash.sightings import Message, Sightings
from tests.order_flow.orders import INSTRUMENT, limit_order

HOUR_NS: Final = 3_600_000_000_000
STAMP_NS: Final = 8 * HOUR_NS
STAMP_MS: Final = STAMP_NS // 1_000_000
LONG, SHORT = AccountId(1), AccountId(2)


class Applied(NamedTuple):
    """A command and what it yielded."""

    time_ns: int
    command: Command
    events: list[Event]


def lived() -> list[Applied]:
    """A hundred lots are long and short over one stamp; the last command is that stamp's."""
    spec = perpetual_instrument("BTC-PERP", "BTC", "USDT", 10_000_000, 100_000)
    commands: list[Command] = [ListInstrument(spec)]
    for account_id in (LONG, SHORT):
        commands.append(OpenAccount(f"user-{account_id}"))
        commands.append(Deposit(account_id, "USDT", 100_000 * E8, f"deposit-{account_id}"))
        commands.append(SetLeverage(account_id, INSTRUMENT, 7, Leg.NONE))
    commands.append(UpdatePrice(INSTRUMENT, "", 0, True, *[600_000] * 5))
    commands.append(limit_order(SHORT, Side.SELL, 100, 600_000, GTC))
    commands.append(limit_order(LONG, Side.BUY, 100, 600_000, GTC))
    engine = Engine(State())
    applied = []
    for sequence, command in enumerate(commands, 1):
        applied.append(Applied(sequence, command, engine.apply(sequence, sequence, command)))
    stamp = AdvanceTime()
    applied.append(Applied(STAMP_NS, stamp, engine.apply(len(applied) + 1, STAMP_NS, stamp)))
    return applied


def found(history: list[Applied], finance: FinanceSightings) -> list[str]:
    """What the audit says of a history."""
    witness = FinanceWitness(finance)
    for sequence, applied in enumerate(history, 1):
        witness.observe(sequence, *applied)
    witness.finish()
    return witness.wrong


def payment(amount: str) -> Payment:
    """What the long one is told of the stamp."""
    return Payment("3", "BTC-PERP", amount, "0", "0.0001", STAMP_MS, 11)


def message(amount: str) -> Message:
    """The message of a payment."""
    return Message("account", "funding", msgspec.json.encode(payment(amount)))


def setting(leverage: int) -> bytes:
    """The answer to another leverage."""
    told = {"symbol": "BTC-PERP", "positionSide": None, "leverage": leverage, "sequence": 4}
    return msgspec.json.encode(told)


@pytest.fixture
def finance() -> FinanceSightings:
    """What the long one saw, truly."""
    finance = FinanceSightings(Sightings())
    finance.payments["user-1", 10] = []
    finance.payments["user-1", 11] = [payment("-0.6")]
    finance.seen.messages["user-1", 9] = message("-0.6")
    finance.see_setting("user-1", setting(7))
    return finance


def test_what_is_so_is_found_so(finance: FinanceSightings) -> None:
    assert found(lived(), finance) == []


def settled(*events: Event) -> list[str]:
    """What is said of a journal whose last command yields these events."""
    history = lived()
    history[-1] = history[-1]._replace(events=list(events))
    return found(history, FinanceSightings(Sightings()))


def test_a_payment_that_is_left_out_doubled_or_another_is_found() -> None:
    stamp, of_long, of_short, _ = lived()[-1].events
    other = FundingPaid(PositionId(4), SHORT, -59_999_999, 0, 0)

    assert settled(stamp, of_long) == ["command 11: not paid: [4]"]
    assert settled(stamp, of_long, of_short, of_short) == ["command 11: 4 was not to pay"]
    assert settled(stamp, of_long, other) == ["command 11: 4 paid -59999999"]


def test_a_stamp_that_is_left_out_doubled_or_another_is_found() -> None:
    stamp, *paid, _ = lived()[-1].events
    early = FundingSettled(INSTRUMENT, STAMP_NS - HOUR_NS, 10_000, 600_000)

    assert settled() == [f"command 11: stamp {STAMP_NS} of 1 was passed over"]
    assert settled(stamp, *paid, stamp, *paid) == [
        f"command 11: stamp {STAMP_NS} settled, {2 * STAMP_NS} was due"
    ]
    assert settled(early, *paid) == [
        f"command 11: stamp {STAMP_NS - HOUR_NS} settled, {STAMP_NS} was due"
    ]


def test_a_payment_that_nobody_made_is_found(finance: FinanceSightings) -> None:
    finance.payments["user-1", 11] = [payment("-0.7")]
    finance.seen.messages["user-1", 9] = message("-0.8")

    assert [words.split(":")[0] for words in found(lived(), finance)] == [
        "payment heard by user-1",
        "payments of user-1 at 11",
    ]


def test_a_payment_heard_twice_is_found(finance: FinanceSightings) -> None:
    finance.seen.messages["user-1", 10] = message("-0.6")

    expected = f"payment {('user-1', '3', STAMP_MS)} heard 2 times"
    assert found(lived(), finance) == [expected]


def test_a_setting_that_was_not_made_is_found(finance: FinanceSightings) -> None:
    finance.settings["user-1", 4] = setting(8)

    expected = f"setting ('user-1', 4): {setting(8)!r}, is {setting(7)!r}"
    assert found(lived(), finance) == [expected]
