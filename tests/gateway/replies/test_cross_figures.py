"""Ratios are floored and have an end; the liquidation price is the first mark that liquidates."""

import random

import pytest

from engine.commands import Leg, SetMarginMode
from engine.instrument import MarginMode
from engine.state import open_positions
from engine.units import AssetId
from gateway.replies.cross_figures import liquidation_ticks, ratio_text
from tests.gateway.history.test_keeper import Desk
from tests.gateway.history.test_modes import ALICE, BTC, opener


@pytest.mark.parametrize(
    ("needed_e8", "equity_atoms", "text"),
    [(0, 1, "0"), (10, 3, "0.00000003"), (3 * 10**8, 3, "1"), (1, 0, None), (1, -5, None)],
)
def test_a_ratio_is_floored_and_null_without_equity(
    needed_e8: int, equity_atoms: int, text: str | None
) -> None:
    assert ratio_text(needed_e8, equity_atoms) == text


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_first_mark_at_which_the_account_is_not_solvent(seed: int) -> None:
    """With positions on both sides, in tickets: beyond it the account is liquidated, before not."""
    desk, rng = Desk(balance_atoms=10**11), random.Random(seed)
    desk.enter(SetMarginMode(ALICE, BTC, Leg.NONE, MarginMode.CROSS))
    found = 0
    for _ in range(100):
        desk.enter(opener(rng, Leg.NONE))
        desk.price(2_000_000 + rng.randrange(-20_000, 20_000))
        account = desk.engine.state.cross_account(AssetId(1), ALICE)
        for position in open_positions(desk.engine.state, ALICE):
            assert account is not None
            exposure, mark = account.standings[BTC].exposure, position.market.mark_ticks
            rest_e8 = account.health_e8() - exposure.health_e8(mark)
            ticks = liquidation_ticks(account, position)
            if ticks:
                found += 1
                nearer = ticks + (1 if ticks < mark else -1)
                assert (
                    rest_e8 + exposure.health_e8(ticks) < 1 <= rest_e8 + exposure.health_e8(nearer)
                )
    assert found > 0
