"""Trailing stops with an aim: widths of a tick up to far, activations beside the price."""

from random import Random

from tests.oracle.records import E8, KEEP, PRICE_TICKS_MAX, Fields, Market


def widths(chance: Random, ticks: int) -> Fields:
    """A distance, a rate, or both so that either may decide; mostly near the price."""
    near, far = chance.randint(1, 3), chance.randint(1, max(2, ticks // 25))
    distance = chance.choice((1, near, near, far))
    # The rate that comes to about as many ticks, and one that is rounded to a tick.
    alike = distance * E8 // max(1, ticks)
    rate = chance.choice((1, alike, alike + 1, alike // 2, alike // 3, 1_000_000, 20_000_000))
    rate = max(1, min(E8 - 1, rate))
    kind = chance.choice(("distance", "rate", "both", "both"))
    return {
        "trail_ticks": distance if kind != "rate" else 0,
        "trail_e8": rate if kind != "distance" else 0,
    }


def stop(chance: Random, market: Market, fields: Fields) -> Fields:
    """What makes an order a trailing stop: widths, and maybe an activation price."""
    source = fields["trigger_source"]
    ticks = market.prices[source] if market.prices is not None else 1_000
    way = 1 if fields["side"] == "SELL" else -1
    away = chance.choice((1, 1, 2, max(1, ticks // 100), max(1, ticks // 30), 0, -1))
    activation = max(1, ticks + way * away) if chance.random() < 0.45 else 0
    return {**widths(chance, ticks), "trigger_ticks": activation}


def exits(chance: Random, ticks: int) -> Fields:
    """For SetPositionExits: kept, removed, set, or wrong."""
    dice = chance.random()
    if dice < 0.35:
        return {"trail_ticks": KEEP, "trail_e8": KEEP}
    if dice < 0.5:
        return {"trail_ticks": 0, "trail_e8": 0}
    fields = widths(chance, ticks)
    if dice < 0.6:
        fields[chance.choice(("trail_ticks", "trail_e8"))] = KEEP
    elif dice < 0.64:
        wrong = chance.choice((("trail_ticks", -1), ("trail_ticks", PRICE_TICKS_MAX + 1)))
        name, value = chance.choice((wrong, ("trail_e8", E8), ("trail_e8", -1)))
        fields[name] = value
    return fields


def wrongs(kind: str) -> tuple[Fields, ...]:
    """What no order may carry."""
    nothing: Fields = {"trail_ticks": 0, "trail_e8": 0}
    return (
        nothing if kind == "TRAILING_STOP" else {"trail_ticks": -1},
        {"trail_ticks": PRICE_TICKS_MAX + 1},
        {"trail_e8": E8},
        {"trail_e8": -1},
    )
