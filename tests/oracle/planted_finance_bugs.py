"""Bugs of funding, fee tiers, leverages and trailing stops, to be planted in the engine.

Plants nothing itself.
"""

from collections.abc import Callable
from typing import Any, Final

from tests.oracle.rules import floor_div

Wrong = Callable[..., Any]


def nothing(*_: Any) -> None:
    """What should have happened does not."""


def forgotten_in_part(right: Wrong) -> Wrong:
    """What is owed stays with the lots that stay."""
    return lambda owed, lots, held: right(owed, lots, held) if lots == held else 0


def twice(right: Wrong) -> Wrong:
    """Everybody pays again."""
    return lambda *given: right(*given) + right(*given)


def for_the_payer(right: Wrong) -> Wrong:
    """Payments rounded down."""

    def funding_atoms(side: Any, notional: int, rate: int) -> int:
        signed = notional if side.name == "BUY" else -notional
        return int(floor_div(signed * rate, 10**8))

    return funding_atoms


def without_a_cap(right: Wrong) -> Wrong:
    """A rate as high as the premium says."""

    def rate_e8(spec: Any, premium_sum: int, count: int) -> int:
        premium: int = floor_div(premium_sum, count) if count else 0
        most: int = spec.funding_clamp_e8
        return premium + max(-most, min(most, int(spec.funding_interest_e8) - premium))

    return rate_e8


def floor_div_up(numerator: int, denominator: int) -> int:
    """Rounded up."""
    return -floor_div(-numerator, denominator)


# What is wrong, where, and what stands there instead; given the right one.
FINANCE_BUGS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "what is owed is forgotten at a partial close": (
        "engine.reduction.accrued_removed_atoms",
        forgotten_in_part,
    ),
    "the dust of a stamp stays in clearing": (
        "engine.ledger.AssetLedger.keep_funding_dust",
        lambda _: nothing,
    ),
    "a stamp is paid twice": ("engine.funding._pay", twice),
    "funding is rounded for the payer": ("engine.funding.funding_atoms", for_the_payer),
    "a rate without a cap": ("engine.funding.rate_e8", without_a_cap),
    "what is owed does not liquidate": (
        "engine.position.Position.basis_atoms",
        lambda _: lambda position: position.cost_atoms,
    ),
    "a payment does not move the liquidation": ("engine.funding.rearm_quietly", lambda _: nothing),
    "who cannot pay is not looked at again": ("engine.funding.watch", lambda _: nothing),
    "every account pays the market's fees": (
        "engine.market.Market.fees_of",
        lambda _: lambda market, _account: market.fees,
    ),
    "other fees leave holds as they are": ("engine.fee_tiers.renew_holds", lambda _: nothing),
    "another leverage leaves the margin": (
        "engine.leverage._added_margin_atoms",
        lambda _: lambda *_given: 0,
    ),
    "another leverage needs nothing more": (
        "engine.leverage._reserve_rise_atoms",
        lambda _: lambda *_given: 0,
    ),
    "a trailing stop that stands still": (
        "engine.trailing.TrailingStops.follow",
        lambda _: nothing,
    ),
    "a rate trailed to the wrong side": ("engine.trailing.div_floor", lambda _: floor_div_up),
}
