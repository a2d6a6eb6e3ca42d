"""Where the next price goes: to what waits for it, one tick beside it, or beyond belief."""

from random import Random

from tests.oracle.book_aims import is_order_driven
from tests.oracle.records import E8, PRICE_TICKS_MAX, SOURCES, Fields, Market, Prices
from tests.oracle.rules import bankruptcy_tick
from tests.oracle.state import State
from tests.oracle.waiting import Entry

NEAR = (-2, -1, -1, 0, 0, 0, 1, 1, 2)


def next_price(
    chance: Random, state: State, market: Market, entries: list[Entry], base: int
) -> Fields:
    """An UpdatePrice for a market, mostly one that will be believed."""
    old = known_prices(market)
    if old is None:
        values = spread(chance, base)
    elif market.candidate is not None and chance.random() < 0.6:
        values = shifted(chance, {**old, **market.candidate})
    else:
        if is_order_driven(market):
            # Only trades move the last price.
            entries = [entry for entry in entries if entry.source in ("MARK", "INDEX")]
        values = aimed(chance, state, market, entries, base, old)
    if chance.random() < 0.03:
        values = unsound(chance, values)
    operator = chance.random() < 0.1
    source = chance.choices(("feed", "other"), (95, 5))[0]
    known = market.source_sequence if source == market.source else 0
    sequence = known + chance.choices((1, 2, 50, 0, -1), (85, 5, 1, 5, 4))[0]
    return {
        "instrument_id": market.instrument_id,
        "source": "" if operator else source,
        "source_sequence": 0 if operator else sequence,
        "by_operator": operator,
        **{f"{name.lower()}_ticks": ticks for name, ticks in values.items()},
    }


def known_prices(market: Market) -> Prices | None:
    """The market's prices; in an order-driven one a bid and an ask that only look like prices."""
    if market.prices is None or not is_order_driven(market):
        return market.prices
    mark = market.prices["MARK"]
    return {"BID": mark, "ASK": mark, "LAST": mark, "MARK": mark, "INDEX": market.prices["INDEX"]}


def aimed(
    chance: Random, state: State, market: Market, entries: list[Entry], base: int, old: Prices
) -> Prices:
    """One of the ways in which prices move."""
    mark, dice = old["MARK"], chance.random()
    if not base // 2 <= mark <= base * 2 and dice < 0.3:
        return spread(chance, base)
    near_by = [one for one in entries if base // 2 <= one.key_ticks <= base * 2]
    if is_order_driven(market) and 0.56 < dice < 0.9:
        # The book stands still, so most prices stay near it.
        return spread(chance, (3 * mark + base) // 4 + chance.randint(-2, 2))
    if entries and dice < 0.5:
        reached = chance.choice(near_by if near_by and dice > 0.02 else entries)
        return towards(chance, state, market, reached, old)
    if dice < 0.68:
        step = max(2, mark // 300)
        return spread(chance, mark + chance.randint(-step, step))
    if dice < 0.8:
        # Back to where it all began, so that prices neither vanish nor explode.
        return spread(chance, base + chance.randint(-base // 50, base // 50))
    if dice < 0.9:
        return spread(chance, mark * chance.randint(60, 150) // 100)
    if dice < 0.95:
        return one_moved(chance, old)
    return at_the_band(chance, market, old)


def towards(chance: Random, state: State, market: Market, entry: Entry, old: Prices) -> Prices:
    """To an entry's tick or beside it: its own source alone, all five, or with a spread."""
    ticks = entry.key_ticks
    if entry.what == "LIQUIDATION" and chance.random() < 0.4:
        ticks = bankruptcy_tick(state.positions[entry.owner_id], market.k)
    ticks = max(1, ticks + chance.choice(NEAR))
    dice = chance.random()
    if dice < 0.4:
        return dict.fromkeys(SOURCES, ticks)
    if dice < 0.6:
        return spread(chance, ticks)
    return ordered({**old, entry.source: ticks}, entry.source)


def ordered(values: Prices, moved: str) -> Prices:
    """Bid at most ask; the one that did not move gives way."""
    if values["BID"] > values["ASK"]:
        agreed = values["BID" if moved == "BID" else "ASK"]
        return {**values, "BID": agreed, "ASK": agreed}
    return values


def spread(chance: Random, ticks: int) -> Prices:
    """Five values around one, now and then far apart."""
    ticks = max(1, ticks)
    wide = max(1, ticks // 20) if chance.random() < 0.1 else 2
    values = {name: max(1, ticks + chance.randint(-wide, wide)) for name in SOURCES}
    if chance.random() < 0.4:
        values = dict.fromkeys(SOURCES, ticks)
    if values["BID"] > values["ASK"]:
        values["BID"], values["ASK"] = values["ASK"], values["BID"]
    return values


def one_moved(chance: Random, old: Prices) -> Prices:
    """One of the five alone."""
    source = chance.choice(SOURCES)
    step = max(2, old[source] // 40)
    ticks = max(1, old[source] + chance.randint(-step, step))
    return ordered({**old, source: ticks}, source)


def shifted(chance: Random, old: Prices) -> Prices:
    """All five a little further."""
    step = chance.randint(-2, 2)
    return {name: max(1, ticks + step) for name, ticks in old.items()}


def at_the_band(chance: Random, market: Market, old: Prices) -> Prices:
    """As far as the band allows, or one tick further."""
    band = market.spec["sanity_band_e8"] or 50_000_000
    side, beyond = chance.choice((-1, 1)), chance.choice((0, 1))
    ticks = {name: price + side * (price * band // E8 + beyond) for name, price in old.items()}
    return {name: max(1, price) for name, price in ticks.items()}


def unsound(chance: Random, values: Prices) -> Prices:
    """A price that cannot be."""
    if chance.random() < 0.3:
        return {**values, "BID": values["ASK"] + 1}
    source = chance.choice(SOURCES)
    return {**values, source: chance.choice((0, -1, PRICE_TICKS_MAX + 1))}
