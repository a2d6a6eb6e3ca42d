"""The comparison is worth its time: each of these bugs, planted in the engine, is found."""

import contextlib
import io
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final
from unittest import mock

import pytest

import engine
from engine.commands import Side
from engine.matching import LESSEN
from engine.reject_reason import RejectReason
from engine.units import E8, div_ceil, div_floor
from tests.oracle.compare import Duel
from tests.oracle.driver import LIFE_STEPS, live
from tests.oracle.generator import Generator
from tests.oracle.planted_cross_bugs import CROSS_BUGS
from tests.oracle.planted_finance_bugs import FINANCE_BUGS

WITHIN_LIVES: Final = 14
Wrong = Callable[..., Any]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(engine.COMPILED, reason="a compiled engine cannot be patched"),
]


def nothing(*_: Any) -> None:
    """What should have happened does not."""


def early_by_a_tick(right: Wrong) -> Wrong:
    """A long is liquidated below its tick instead of at it, a short above."""
    return lambda side, *rest: right(side, *rest) - (1 if side is Side.BUY else -1)


def a_tick_lower(right: Wrong) -> Wrong:
    """Right but for one tick."""
    return lambda *given: right(*given) - 1


def stale_at_the_edge(_: Wrong) -> Wrong:
    """Stale at `stale_after`, not only beyond it."""

    def is_stale(market: Any, time_ns: int) -> bool:
        after_ns = market.spec.stale_after_ns
        return bool(after_ns > 0 and time_ns - market.price_time_ns >= after_ns)

    return is_stale


def without_a_way(right: Wrong) -> Wrong:
    """Everything fires as if it had been passed first."""
    return lambda *given: (0, *right(*given)[1:])


def without_deductions(right: Wrong) -> Wrong:
    """The rate of a tier taken on the whole notional."""
    return lambda spec: [type(rate)(rate.maintenance_e8, 0) for rate in right(spec)]


def once_and_never_again(right: Wrong) -> Wrong:
    """An auto-close that does not follow its position."""

    def rearm(queue: Any, position: Any) -> None:
        if position.auto_close is None or position.auto_close_e8 == 0:
            right(queue, position)

    return rearm


def cost_rounded_for_the_user(right: Wrong) -> Wrong:
    """A long's removed cost rounded down, a short's up."""

    def cost_removed(side: Side, cost: int, lots: int, held: int) -> int:
        if lots == held:
            return int(right(side, cost, lots, held))
        return (div_floor if side is Side.BUY else div_ceil)(cost * lots, held)

    return cost_removed


def seen_before_trades_only(right: Wrong) -> Wrong:
    """Self-trade prevention that forgets the orders met later in the queue."""
    return lambda path, *rest: path.traded_lots == 0 and right(path, *rest)


def lost_is_traded(right: Wrong) -> Wrong:
    """A FOK is judged by what it loses to its own orders too."""

    def take(path: Any, kind: int, maker: Any, lots: int, lot_atoms: int) -> None:
        right(path, kind, maker, lots, lot_atoms)
        if kind == LESSEN:
            path.traded_lots += lots

    return take


def clearing_astray(right: Wrong) -> Wrong:
    """The sum of all accounts is right, that of the clearing account is not."""

    def reduce_position(ledger: Any, position: Any, *rest: Any) -> Any:
        paid = right(ledger, position, *rest)
        if position.market.is_order_driven:
            ledger.clearing[position.market.instrument_id] += 1
            ledger.house_atoms -= 1
        return paid

    return reduce_position


def runs_out_again(right: Wrong) -> Wrong:
    """A timer that is not cleared when it has run out."""

    def run_out(state: Any, account_id: int, due_ns: int, events: Any) -> None:
        right(state, account_id, due_ns, events)
        if account_id not in state.cancel_after:
            state.cancel_after[account_id] = due_ns

    return run_out


# What is wrong, where, and what stands there instead; given the right one.
BUGS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "fees are rounded down": (
        "engine.settlement.fee_atoms",
        lambda _: lambda base, rate_e8: div_floor(base * rate_e8, E8),
    ),
    "the cost that leaves is rounded for the user": (
        "engine.reduction.cost_removed_atoms",
        cost_rounded_for_the_user,
    ),
    "the margin that leaves is rounded up": (
        "engine.reduction.share_released_atoms",
        lambda _: lambda total, lots, held: div_ceil(total * lots, held),
    ),
    "an amount buys the lot that it only began": (
        "engine.order_terms.quantity_lots",
        lambda _: lambda amount, leverage, ticks, k: div_ceil(amount * leverage, ticks * k),
    ),
    "liquidation at < instead of ≤": ("engine.trigger_index.liquidation_ticks", early_by_a_tick),
    "an auto-close one tick off": ("engine.trigger_index.auto_close_ticks", a_tick_lower),
    "an auto-close that does not follow": (
        "engine.trigger_index.rearm_auto_close",
        once_and_never_again,
    ),
    "maintenance without deductions": ("engine.market.tier_rates", without_deductions),
    "a hold that stays": ("engine.open_orders.release_ticket_hold", lambda _: nothing),
    "closing orders that do not shrink": ("engine.settling.shrink_closers", lambda _: nothing),
    "liquidations before exits": ("engine.firing_queue.LIQUIDATIONS", lambda _: -1),
    "no order on the way": ("engine.firing_queue.FiringQueue.item", without_a_way),
    "two candidates are believed": ("engine.price_update.CANDIDATES_TO_BELIEVE", lambda _: 2),
    "a preview that forgets what closes": (
        "engine.preview.reduction_of",
        lambda right: lambda *given: right(*given[:4], 0, False),
    ),
    "a snapshot that forgets why an order was refused": (
        "snapshots.snapshot._client_order_row",
        lambda right: lambda entry: (*right(entry)[:4], RejectReason.NONE, entry.is_open),
    ),
    "stale at the edge": ("engine.market.Market.is_stale", stale_at_the_edge),
    "takers pay what makers pay": (
        "engine.closing.fee_rate_e8",
        lambda _: lambda seat, _liquidity: seat.fees.maker_e8,
    ),
    "a refilled iceberg is not met again": (
        "engine.matching._walk_refilled",
        lambda _: lambda *_given: False,
    ),
    "own orders are seen only before the first trade": (
        "engine.matching._meet_own",
        seen_before_trades_only,
    ),
    "lots lost to oneself count as traded": ("engine.matching.Path.take", lost_is_traded),
    "a closing order gives more than its position has": (
        "engine.matching._lots_left_to_close",
        lambda _: lambda _path, maker: maker.qty_lots,
    ),
    "a budget buys the lot that it only began": ("engine.matching.div_floor", lambda _: div_ceil),
    "protection a tick too far": ("engine.market.Market.protection_ticks", a_tick_lower),
    "a partner that does not shrink": ("engine.taking.lessen_partner", lambda _: nothing),
    "what rests after a trade holds nothing": (
        "engine.settling.settle_order_hold",
        lambda _: nothing,
    ),
    "a trade wakes nobody": ("engine.firing_queue.FiringQueue.push_passed", lambda _: nothing),
    "a level that does not hear of lots lost": (
        "engine.order_book.OrderBook.resize",
        lambda _: lambda _book, order, lots: setattr(order, "qty_lots", lots),
    ),
    "an atom of clearing goes astray": (
        "engine.ledger.AssetLedger.reduce_position",
        clearing_astray,
    ),
    "the fund takes over whatever it costs": (
        "engine.liquidation.fund_can_take",
        lambda _: lambda *_given: True,
    ),
    "the oldest is deleveraged first": (
        "engine.deleveraging.Rank.place",
        lambda _: lambda rank: (rank.position.position_id, 0, rank),
    ),
    "a timer that runs out again": ("engine.cancel_order._run_out", runs_out_again),
}
ALL_BUGS: Final = BUGS | CROSS_BUGS | FINANCE_BUGS


@contextmanager
def planted(target: str, wrong_of: Callable[[Any], Any]) -> Iterator[None]:
    """The bug in its place, while this lasts."""
    with mock.patch(target, wrong_of(pkgutil.resolve_name(target))):
        yield


def steps_until_found() -> int:
    """How many steps it takes until engine and oracle differ; 0 if they do not."""
    steps = 0
    for life in range(WITHIN_LIVES):
        duel = Duel()
        generator = Generator(Random(f"planted/{life}"), duel.venue)
        opening = generator.opening()
        for number in range(LIFE_STEPS):
            steps += 1
            step = opening[number] if number < len(opening) else generator.next()
            try:
                duel.apply(*step)
            except AssertionError:
                return steps
    return 0


def live_all() -> None:
    """Life after life, until one ends in a difference."""
    for life in range(WITHIN_LIVES):
        live(f"planted/{life}", LIFE_STEPS)


def test_without_a_planted_bug_nothing_is_found() -> None:
    assert steps_until_found() == 0


@pytest.mark.parametrize("name", ALL_BUGS)
def test_a_planted_bug_is_found(name: str, count: Callable[[str, int], None]) -> None:
    with planted(*ALL_BUGS[name]):
        steps = steps_until_found()

    assert steps > 0
    count("oracle planted bugs found", 1)


def test_what_is_found_is_told_as_a_short_script() -> None:
    with planted(*BUGS["two candidates are believed"]):
        with pytest.raises(AssertionError) as found:
            live_all()
        story = str(found.value)
        script = story[story.index("from tests.oracle.scripts") :]
        assert script.count("UpdatePrice") == 3  # a first price and the two candidates
        assert script.count("(17") <= 7  # and the markets listed before it
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(script, {})

    said = printed.getvalue()
    assert said.startswith("Mismatch: event ")
    assert "PriceAccepted" in said
    assert "PRICE_BEYOND_BAND" in said
