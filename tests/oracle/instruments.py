"""The markets that the driver trades in.  Knows settings; knows nothing of trading.

Seven shapes, with numbers drawn anew for every venue.  Four are quote-driven: simple tickets, a
perpetual with tiers, a netting market with fees on margin, and tickets with fees on notional, a
rebate and a price band.  Three are order-driven: a perpetual with tiers, rebate and reserved
closing fee, a netting market with fees on margin, and tickets.  A venue has two of the first and
all of the second.
"""

from random import Random

from tests.oracle.records import E8, NOTIONAL_ATOMS_MAX, Fields
from tests.oracle.stories import SECOND_NS, simple_spec

# Base prices in ticks: small ones make every rounding visible, large ones every carry.
BASE_TICKS = (120, 1_000, 7_919, 20_000)


def venue_specs(chance: Random) -> list[tuple[Fields, int]]:
    """Each instrument with the price around which it trades, the order-driven ones last."""
    houses = (simple_tickets, perpetual_netting, netting_on_margin, tickets_on_notional)
    makers = [*chance.sample(houses, 2), perpetual_book, book_on_margin, book_of_tickets]
    bases = [chance.choice(BASE_TICKS) for _ in makers]
    specs = [make(chance, base) for make, base in zip(makers, bases, strict=True)]
    share = chance.choice((0, 0, 0.4, 0.8))  # of the markets, that start in cross margin
    for spec, base in zip(specs, bases, strict=True):
        if chance.random() < share:
            spec["margin_mode"] = "CROSS"
        if share and chance.random() < 0.5:
            low_tiers(chance, spec, base)
        if chance.random() < 0.7:
            spec |= funded(chance, spec, base)
    return list(zip(specs, bases, strict=True))


def low_tiers(chance: Random, spec: Fields, base: int) -> None:
    """Caps that positions of this driver's size reach, so that they are closed in slices."""
    unit = max(1, notional_of(spec, max(2, spec["qty_lots_max"] // chance.choice((5, 10))), base))
    spec["leverage_max"] = 100
    # With the higher rate, maintenance at the highest leverage is more than initial margin.
    spec["tiers"] = (
        (unit, chance.choice((500_000, 1_200_000, 1_200_000)), 100),
        (2 * unit, 1_500_000, 50),
        (3 * unit, 2_500_000, 20),
        (100 * unit, 5_000_000, 10),
    )


def funded(chance: Random, spec: Fields, base: int) -> Fields:
    """Funding: stamps every minute to every hour, rates up to where a margin is eaten at once."""
    minutes = chance.choices((1, 2, 5, 60), (60, 30, 8, 2))[0]
    return {
        "funding_interval_ns": minutes * 60 * SECOND_NS,
        "funding_interest_e8": chance.choice((0, 10_000, -10_000, 3_000_000, -3_000_000)),
        "funding_clamp_e8": chance.choice((0, 50_000, 1_000_000)),
        "funding_cap_e8": chance.choice((0, 75_000, 2_000_000, 30_000_000)),
        "impact_notional_atoms": notional_of(spec, chance.choice((0, 1, 5, 20)), base),
    }


def sized(spec: Fields, chance: Random) -> Fields:
    """Limits on sizes that orders of this driver meet."""
    least = chance.choice((1, 1, 2, 5))
    spec |= {
        "qty_lots_min": least,
        "qty_lots_max": chance.choice((100, 1_000, 5_000)),
        "orders_max": chance.choice((3, 6, 10)),
        "conditionals_max": chance.choice((2, 4, 10)),
        "tick_size_e8": chance.choice((10_000, 1_000_000)),
        "lot_size_e8": chance.choice((100_000, 10_000_000, 30_000_000)),
    }
    return spec


def notional_of(spec: Fields, lots: int, ticks: int) -> int:
    """What some lots are worth, in atoms."""
    return int(lots * ticks * spec["tick_size_e8"] * spec["lot_size_e8"] // E8)


def simple_tickets(chance: Random, base: int) -> Fields:
    """What the seed describes; the remainder goes to insurance."""
    return sized(simple_spec("AAA/USD"), chance)


def perpetual_netting(chance: Random, base: int) -> Fields:
    """Tiers, fees on notional, the closing fee reserved, the remainder to the user."""
    spec = sized(simple_spec("BBB/USD"), chance)
    unit = notional_of(spec, spec["qty_lots_max"] // chance.choice((4, 20)), base)
    return spec | {
        "position_mode": "NETTING",
        "fee_basis": "NOTIONAL",
        "notional_atoms_min": notional_of(spec, 3, base),
        "leverage_max": 125,
        "tiers": (
            (unit, 400_000, 125),
            (2 * unit, 500_000, 100),
            (4 * unit, 1_000_000, 50),
            (10 * unit, 2_500_000, 20),
            (100 * unit, 12_500_000, 4),
        ),
        "maker_fee_e8": 20_000,
        "taker_fee_e8": 50_000,
        "liquidation_fee_e8": 500_000,
        "close_fee_reserved": True,
        "remainder": "TO_USER",
        "stale_after_ns": 5 * SECOND_NS,
    }


def netting_on_margin(chance: Random, base: int) -> Fields:
    """Fees on margin in one net position; at high leverage maintenance exceeds the margin."""
    return sized(simple_spec("CCC/EUR"), chance) | {
        "position_mode": "NETTING",
        "tiers": ((NOTIONAL_ATOMS_MAX, 1_500_000, 100),),
        "taker_fee_e8": 600_000,
        "liquidation_fee_e8": chance.choice((0, 1_000_000)),
        "close_fee_reserved": chance.choice((False, True)),
        "remainder": chance.choice(("TO_INSURANCE", "TO_USER")),
        "sanity_band_e8": 10_000_000,
        "stale_after_ns": 0,
    }


def tickets_on_notional(chance: Random, base: int) -> Fields:
    """A maker is paid; limits stay near the mark."""
    spec = sized(simple_spec("DDD/USD"), chance)
    unit = notional_of(spec, spec["qty_lots_max"] // chance.choice((4, 20)), base)
    return spec | {
        "fee_basis": "NOTIONAL",
        "notional_atoms_min": notional_of(spec, 2, base),
        "leverage_max": 50,
        "tiers": ((unit, 1_000_000, 50), (5 * unit, 5_000_000, 10)),
        "maker_fee_e8": -10_000,
        "taker_fee_e8": 70_000,
        "liquidation_fee_e8": 300_000,
        "remainder": "TO_USER",
        "price_band_e8": 5_000_000,
        "sanity_band_e8": 0,
        "stale_after_ns": 60 * SECOND_NS,
    }


def order_driven(spec: Fields, chance: Random) -> Fields:
    """Sizes so small that what a level shows is often met exactly, and a band around the mark."""
    return spec | {
        "market": "ORDER_DRIVEN",
        "qty_lots_min": chance.choice((1, 1, 1, 2)),
        "qty_lots_max": chance.choice((20, 50, 200)),
        "orders_max": chance.choice((4, 6, 10)),
        "price_band_e8": chance.choice((5_000_000, 10_000_000, 30_000_000)),
        "tick_size_e8": chance.choice((10_000, 30_000, 1_000_000)),
        "lot_size_e8": chance.choice((10_000, 100_000, 10_000_000)),
    }


def perpetual_book(chance: Random, base: int) -> Fields:
    """The large venues' shape: tiers, a rebate at times, the closing fee reserved."""
    spec = order_driven(perpetual_netting(chance, base), chance)
    unit = notional_of(spec, spec["qty_lots_max"], base)
    return spec | {
        "symbol": "FFF/USD",
        "base": "FFF",
        "notional_atoms_min": notional_of(spec, chance.choice((0, 1, 2)), base),
        "tiers": (
            (unit, 400_000, 125),
            (2 * unit, 500_000, 100),
            (4 * unit, 1_000_000, 50),
            (10 * unit, 2_500_000, 20),
            (100 * unit, 12_500_000, 4),
        ),
        "maker_fee_e8": chance.choice((20_000, -10_000)),
    }


def book_on_margin(chance: Random, base: int) -> Fields:
    """Fees on margin in one net position; at high leverage maintenance exceeds the margin."""
    spec = order_driven(netting_on_margin(chance, base), chance)
    return spec | {
        "symbol": "GGG/EUR",
        "base": "GGG",
        "maker_fee_e8": chance.choice((40_000, -300_000)),
        "stale_after_ns": chance.choice((0, 5 * SECOND_NS)),
    }


def book_of_tickets(chance: Random, base: int) -> Fields:
    """Every opener is a position of its own, and yet users trade with each other."""
    spec = order_driven(tickets_on_notional(chance, base), chance)
    unit = notional_of(spec, spec["qty_lots_max"], base)
    settlement = chance.choice(("EUR", "GBP"))
    return spec | {
        "symbol": f"HHH/{settlement}",
        "base": "HHH",
        "settlement": settlement,
        "notional_atoms_min": notional_of(spec, chance.choice((0, 2)), base),
        "leverage_max": 100,
        "tiers": ((unit, chance.choice((0, 500_000)), 100), (5 * unit, 5_000_000, 10)),
        "maker_fee_e8": chance.choice((-10_000, 20_000, 600_000)),
        "fee_basis": chance.choice(("MARGIN", "NOTIONAL")),
        "remainder": chance.choice(("TO_USER", "TO_INSURANCE")),
        "stale_after_ns": 5 * SECOND_NS,
    }


def faulty(spec: Fields, chance: Random) -> Fields:
    """The spec with one thing that no instrument may have."""
    faults: tuple[Fields, ...] = (
        {"symbol": ""},
        {"symbol": "X" * 33},
        {"settlement": "U S D"},
        {"tick_size_e8": 0},
        {"tick_size_e8": 7, "lot_size_e8": 13},
        {"qty_lots_min": 0},
        {"qty_lots_max": 10**15 + 1},
        {"notional_atoms_min": -1},
        {"leverage_max": 0},
        {"leverage_max": 1_001},
        {"leverage_max": spec["tiers"][0][2] + 1},
        {"tiers": ()},
        {"tiers": ((10**8, 5, 100), (10**8, 6, 50))},
        {"tiers": ((10**8, 5, 100), (10**9, 5, 50))},
        {"tiers": ((10**8, 5, 125), (10**9, 6, 125))},
        {"maker_fee_e8": -spec["taker_fee_e8"] - 1},
        {"taker_fee_e8": -1},
        {"liquidation_fee_e8": 10**8},
        {"market": "ORDER_DRIVEN", "price_band_e8": 0},
        {"conditionals_max": 0},
        {"conditionals_max": 10_001},
        {"price_band_e8": 10**8},
        {"sanity_band_e8": 10**8 + 1},
        {"stale_after_ns": -1},
        {"orders_max": 0},
        {"orders_max": 10_001},
        {"funding_interval_ns": 60 * SECOND_NS - 1},
        {"funding_interest_e8": -E8},
        {"funding_clamp_e8": -1},
        {"funding_cap_e8": E8},
        {"impact_notional_atoms": -1},
        {"tiers": ((10**8, 99_950_000, 125),), "close_fee_reserved": True, "taker_fee_e8": 50_000},
    )
    return spec | chance.choice(faults)


def changed(spec: Fields, chance: Random) -> Fields:
    """The spec with one or two settings that may change, or what may not."""
    rate = chance.choice((0, 10_000, 40_000, 600_000))
    leverage = spec["tiers"][0][2]
    first_cap, *others = spec["tiers"]
    changes: tuple[Fields, ...] = (
        {"maker_fee_e8": rate},
        {"maker_fee_e8": -spec["taker_fee_e8"]},
        {"taker_fee_e8": max(rate, -spec["maker_fee_e8"])},
        {"liquidation_fee_e8": rate},
        {"close_fee_reserved": not spec["close_fee_reserved"]},
        {"qty_lots_min": chance.choice((1, 2, 5))},
        {"qty_lots_max": chance.choice((spec["qty_lots_max"], 100))},
        {"leverage_max": chance.choice((leverage, leverage, leverage // 2))},
        {"tiers": ((first_cap[0] // 2 + 1, *first_cap[1:]), *others)},
        {"orders_max": chance.choice((3, 6, 10))},
        {"price_band_e8": chance.choice((0, 1_000_000, 5_000_000, 10_000_000))},
        {"conditionals_max": chance.choice((2, 4, 10))},
        {"sanity_band_e8": chance.choice((0, 10_000_000, 50_000_000))},
        {"stale_after_ns": chance.choice((0, 5, 10, 60)) * SECOND_NS},
        {"remainder": "TO_USER" if spec["remainder"] == "TO_INSURANCE" else "TO_INSURANCE"},
        {"funding_interval_ns": chance.choice((0, 60, 61, 120)) * SECOND_NS},
        {"funding_interest_e8": -spec["funding_interest_e8"]},
        {"funding_cap_e8": chance.choice((0, 75_000, 30_000_000))},
        {"tick_size_e8": spec["tick_size_e8"] * 2},
        {"symbol": "ZZZ/USD"},
        {"margin_mode": "CROSS" if spec["margin_mode"] == "ISOLATED" else "ISOLATED"},
    )
    return spec | chance.choice(changes) | chance.choice((*changes[:17], {}, {}, {}))
