"""The oracle alone: examples worked by hand and the published goldens, and no engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.records import Fields, Position
from tests.oracle.rules import bankruptcy_tick, ceil_div, liquidation_tick
from tests.oracle.stories import listed, market_order, price_of, simple_spec
from tests.vectors.document import goldens

TENTHS = 10_000_000


def test_the_oracle_imports_nothing_of_what_it_judges() -> None:
    script = "import sys, tests.oracle.venue; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    loaded = {name.split(".")[0] for name in run.stdout.split()}

    assert not loaded & {"engine", "wal", "snapshots", "gateway"}


def test_a_gap_costs_the_margin_and_insurance_the_rest() -> None:
    # FIL-5, LIQ-3: deposit 1000, long 0.1 BTC at 20000.0, 20×, next tick 15000.0.
    spec = simple_spec("BTC/USDT") | {
        "tick_size_e8": TENTHS,
        "lot_size_e8": 100_000,
        "fee_basis": "NOTIONAL",
    }
    venue = listed(spec, deposit=1_000 * 10**8, insurance=400 * 10**8)
    venue.apply(1, "UpdatePrice", price_of(200_000))

    venue.apply(2, "PlaceOrder", market_order("BUY", qty_lots=100, leverage=20))
    assert venue.state.free[1, 1] == 1_000 * 10**8 - 100 * 10**8 - 8 * TENTHS
    assert venue.state.margins(1) == 100 * 10**8

    facts = venue.apply(3, "UpdatePrice", price_of(150_000))
    assert [name for name, _ in facts] == [
        "PriceAccepted",
        "LiquidationStep",
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
    ]
    assert venue.state.free[1, 1] == 8_992 * TENTHS
    assert venue.state.pool("insurance", 1) == 0
    assert venue.state.pool("house", 1) == 500 * 10**8
    assert venue.state.pool("fees", 1) == 8 * TENTHS
    venue.state.check()


def golden_tiers(inputs: Fields) -> tuple[tuple[int, int, int], ...]:
    """Published tiers name floors; ours name caps."""
    floors, rates = zip(*inputs["tiers"], strict=True)
    return tuple((cap, rate, 1) for cap, rate in zip([*floors[1:], 4 * 10**18], rates, strict=True))


def test_liquidation_and_bankruptcy_ticks_are_the_published_ones(shared: Path) -> None:
    found = goldens(shared, "golden-liq")
    assert len(found) == 4
    for golden in found:
        inputs, expected = golden["inputs"], golden["expected"]
        k, lots = inputs["K"], inputs["lots"]
        cost = lots * inputs["entry_tick"] * k
        margin = ceil_div(cost, inputs["leverage"]) + inputs["added_margin"]
        side = "BUY" if inputs["side"] == 1 else "SELL"
        position = Position(1, 1, 1, side, lots, cost, margin, margin, 1, 0, 0)
        spec: dict[str, Any] = {
            "tiers": golden_tiers(inputs),
            "taker_fee_e8": inputs["close_fee_e8"],
            "close_fee_reserved": True,
        }

        assert {
            "margin": margin,
            "liq_tick": liquidation_tick(position, k, spec),
            "bankrupt_tick": bankruptcy_tick(position, k),
        } == expected, golden["id"]


def test_open_increase_reduce_and_flip_as_published(shared: Path) -> None:
    (golden,) = goldens(shared, "golden-netting")
    inputs = golden["inputs"]
    spec = simple_spec("BTC/USDT") | {
        "tick_size_e8": 10_000_000,
        "lot_size_e8": 100_000,
        "position_mode": "NETTING",
        "fee_basis": "NOTIONAL",
        "taker_fee_e8": inputs["taker_e8"],
    }
    venue = listed(spec, deposit=inputs["deposit"])
    assert venue.state.markets[1].k == inputs["K"]

    for fill, expected in zip(inputs["fills"], golden["expected"]["states"], strict=True):
        venue.apply(1, "UpdatePrice", price_of(fill["tick"]))
        side = "BUY" if fill["side"] == 1 else "SELL"
        leverage = 0 if venue.state.positions else inputs["leverage"]
        command = market_order(side, qty_lots=fill["lots"], leverage=leverage)
        venue.apply(1, "PlaceOrder", command)
        (position,) = venue.state.positions.values()

        assert {
            "side": 1 if position.side == "BUY" else -1,
            "lots": position.qty_lots,
            "cost": position.cost_atoms,
            "margin": position.margin_atoms,
            "wallet": venue.state.free[1, 1],
            "fees": venue.state.pool("fees", 1),
            "house": venue.state.pool("house", 1),
        } == expected
        venue.state.check()


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_the_seeds_liquidation_price_is_entry_less_entry_by_leverage(side: str) -> None:
    venue = listed(simple_spec("BTC/USDT"), deposit=10**12)
    venue.apply(1, "UpdatePrice", price_of(20_000))
    venue.apply(1, "PlaceOrder", market_order(side, qty_lots=7, leverage=20))
    (position,) = venue.state.positions.values()
    market = venue.state.markets[1]

    tick = liquidation_tick(position, market.k, market.spec)

    assert tick == (19_000 if side == "BUY" else 21_000)
