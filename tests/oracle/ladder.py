"""The ladder of refusals of PlaceOrder and AmendOrder (ORD-4, AMD-1, ADM-…).  Changes nothing.

A draft is an order as it would be, with what the rungs need to know; each rung says the one reason
it stands for, or nothing.
"""

from dataclasses import dataclass

from tests.oracle.amounts import (
    Opening,
    closing_of,
    fee_rate,
    opening_by_amount,
    opening_by_quantity,
)
from tests.oracle.holds import (
    key_need,
    opening_lots,
    order_hold,
    resting_limits,
    size_of,
)
from tests.oracle.records import (
    AMOUNT_ATOMS_MAX,
    AUTO_CLOSE_E8_MAX,
    CONDITIONALS,
    CONDITIONALS_MAX,
    E8,
    LIMITS_TO_BE,
    QTY_LOTS_MAX,
    Fields,
    Market,
    Order,
    Position,
    sign,
)
from tests.oracle.rules import (
    auto_close_holds,
    cap_atoms,
    ceil_div,
    close_fee_e8,
    floor_div,
    is_name,
    largest_position_lots,
    largest_price_ticks,
    liquidatable,
)
from tests.oracle.state import State


@dataclass
class Draft:
    """An order as it would be.  `present` is the open order that it would replace."""

    state: State
    market: Market
    order: Order
    position: Position | None
    present: Order | None = None
    last_in_queue: bool = True

    @property
    def is_ticket(self) -> bool:
        """Whether every opener makes its own position."""
        return self.market.is_ticket

    @property
    def touch(self) -> int:
        """The price at which it would take; 0 while there is none."""
        if self.market.prices is None:
            return 0
        return self.market.prices["ASK" if self.order.side == "BUY" else "BID"]

    @property
    def mark(self) -> int:
        """The market's mark."""
        return self.market.mark

    @property
    def takes(self) -> bool:
        """ORD-3."""
        order = self.order
        if order.order_type == "MARKET":
            return True
        beyond = sign(order.side) * (order.price_ticks - self.touch) >= 0
        return order.order_type == "LIMIT" and self.touch > 0 and beyond

    @property
    def parent_price(self) -> int:
        """P: limit, trigger or touch; 0 while unknown."""
        if self.order.order_type == "MARKET":
            return self.touch
        return self.order.price_ticks or self.order.trigger_ticks

    @property
    def fill_price(self) -> int:
        """P, or the touch for what takes."""
        return self.touch if self.takes else self.parent_price

    @property
    def lots(self) -> int:
        """Its lots; those its amount buys at the fill price if it is sized by amount."""
        order = self.order
        if order.amount_atoms == 0:
            return order.qty_lots
        return floor_div(order.amount_atoms * order.leverage, self.fill_price * self.market.k)

    @property
    def others(self) -> list[Order]:
        """The account's other open orders in this market."""
        order = self.order
        orders = self.state.orders_of_key(order.account_id, order.instrument_id)
        return [other for other in orders if other is not self.present]

    @property
    def free(self) -> int:
        """Free balance, with what the replaced order holds by itself."""
        held = self.present.hold_atoms if self.present is not None else 0
        return self.state.free_of(self.order) + held

    def queued(self) -> Order:
        """The order with the priority it would have."""
        if self.last_in_queue:
            self.order.priority = self.state.last_id + 1
        return self.order

    def parts(self) -> tuple[int, int]:
        """ADM-1: the lots that would close and those that would open if it filled now."""
        position = self.position
        if self.is_ticket or position is None or position.side == self.order.side:
            return 0, self.lots
        closing = min(self.lots, position.qty_lots)
        return closing, self.lots - closing


def bad_combination(state: State, command: Fields, market: Market, order: Order) -> bool:
    """What no order may ask for, whatever the market's state."""
    client_id: str = command["client_order_id"]
    return (
        bad_numbers(command)
        or bad_force(command)
        or (bad_closing(command, market) if order.closing else bad_opening(command))
        or bad_iceberg(command, market)
        or bad_group(state, order)
        or (client_id != "" and malformed(client_id, command["digest"]))
    )


def bad_numbers(command: Fields) -> bool:
    """A number below 0, or one where none belongs."""
    names = "qty_lots amount_atoms price_ticks trigger_ticks stop_loss_ticks take_profit_ticks"
    numbers = [command[name] for name in f"{names} expire_ns".split()]
    kind = command["order_type"]
    return (
        any(number < 0 for number in numbers)
        or (command["price_ticks"] != 0 and kind != "LIMIT" and kind not in LIMITS_TO_BE)
        or (command["trigger_ticks"] != 0 and kind not in CONDITIONALS)
        or command["trigger_source"] in ("BID", "ASK")
    )


def bad_force(command: Fields) -> bool:
    """TYP-1: which types may wait how long; what is to rest only must be able to."""
    kind, force = command["order_type"], command["time_in_force"]
    has_limit = kind == "LIMIT" or kind in LIMITS_TO_BE
    to_be_market = kind in CONDITIONALS and not has_limit
    return (
        (command["expire_ns"] != 0) != (force == "GTD")
        or (force == "GTD" and kind == "MARKET")
        or (force in ("IOC", "FOK") and to_be_market)
        or (command["post_only"] and not (has_limit and force in ("GTC", "GTD")))
    )


def bad_closing(command: Fields, market: Market) -> bool:
    """A closing order has no amount and no exits, and says which lots it closes."""
    everything = command.get("close_position", False)
    exits = command["stop_loss_ticks"], command["take_profit_ticks"], command["auto_close_e8"]
    named = command["position_id"] != 0
    return (
        (market.is_ticket and not named)
        or command["amount_atoms"] != 0
        or any(exits)
        or (command["qty_lots"] == 0 and not named and not everything)
        or (command["qty_lots"] != 0 and everything)
    )


def bad_opening(command: Fields) -> bool:
    """An opener has a quantity or an amount, not both."""
    return bool((command["qty_lots"] == 0) == (command["amount_atoms"] == 0))


def bad_iceberg(command: Fields, market: Market) -> bool:
    """ICE-1: only what may rest in a book can hide there."""
    display = command.get("display_lots", 0)
    kind, force = command["order_type"], command["time_in_force"]
    rests = (kind == "LIMIT" or kind in LIMITS_TO_BE) and force in ("GTC", "GTD")
    return bool(display < 0 or (display != 0 and not (market.is_order_driven and rests)))


def bad_group(state: State, order: Order) -> bool:
    """OCO-1: a group is two open orders, one of which waits for a trigger."""
    if order.oco_group == "":
        return False
    if not is_name(order.oco_group, 36):
        return True
    group = state.group_of(order.account_id, order.instrument_id, order.oco_group)
    waiting = [each for each in [*group, order] if each.order_type in CONDITIONALS]
    return len(group) > 1 or (len(group) == 1 and not waiting)


def malformed(client_order_id: str, digest: bytes) -> bool:
    """Not an id that anyone could ask for again."""
    return not is_name(client_order_id, 36) or len(digest) != 16


def bad_price(draft: Draft) -> bool:
    """A price no order may carry, or an exit on the wrong side of it."""
    order = draft.order
    highest = largest_price_ticks(draft.market.spec, draft.market.k)
    has_limit = order.order_type == "LIMIT" or order.order_type in LIMITS_TO_BE
    if has_limit and not 1 <= order.price_ticks <= highest:
        return True
    if order.order_type in CONDITIONALS and not 1 <= order.trigger_ticks <= highest:
        return True
    if max(order.stop_loss_ticks, order.take_profit_ticks) > highest:
        return True
    if abs(order.auto_close_e8) > AUTO_CLOSE_E8_MAX:
        return True
    price = draft.parent_price
    if price == 0:
        return False
    loses = sign(order.side) * (price - order.stop_loss_ticks) > 0
    wins = sign(order.side) * (order.take_profit_ticks - price) > 0
    return (order.stop_loss_ticks != 0 and not loses) or (order.take_profit_ticks != 0 and not wins)


def leverage_is_valid(draft: Draft) -> bool:
    """Whether the order's leverage, or its key's setting, lies within the instrument's."""
    return bool(1 <= draft.order.leverage <= draft.market.spec["leverage_max"])


def bad_quantity(draft: Draft) -> bool:
    """A size no order may have."""
    order, spec = draft.order, draft.market.spec
    if order.qty_lots > QTY_LOTS_MAX or order.amount_atoms > AMOUNT_ATOMS_MAX:
        return True
    if order.qty_lots < 0:
        draft.state.hit("AMD-4 below filled")
        return True
    if 0 < order.display_lots < spec["qty_lots_min"]:
        return True
    total = order.filled_lots + order.qty_lots
    if order.closing:
        whole = draft.position is not None and total >= draft.position.qty_lots
        return total != 0 and bool(total < spec["qty_lots_min"]) and not whole
    is_new = draft.present is None
    if (
        order.amount_atoms > 0
        and is_new
        and (draft.fill_price == 0 or not leverage_is_valid(draft))
    ):
        return False
    return not spec["qty_lots_min"] <= order.filled_lots + draft.lots <= spec["qty_lots_max"]


def lots_left(draft: Draft) -> int:
    """RED-1: what closing LIMIT orders that execute earlier leave of the position."""
    assert draft.position is not None
    order, left = draft.queued(), draft.position.qty_lots
    closers = [
        other
        for other in draft.others
        if other.closing and other.position_id == draft.position.position_id
    ]
    for other in resting_limits([*closers, order], order.side):
        if other is order:
            break
        left -= other.qty_lots
    return left


def nothing_to_reduce(draft: Draft) -> bool:
    """A closing order without anything to close."""
    if not draft.order.closing:
        return False
    if draft.position is None or draft.position.side == draft.order.side:
        return True
    return draft.order.order_type == "LIMIT" and not draft.takes and lots_left(draft) <= 0


def stale(state: State, market: Market) -> bool:
    """PRC-5."""
    after = market.spec["stale_after_ns"]
    return bool(after > 0 and state.now_ns - market.price_time_ns > after)


def beyond_price_band(draft: Draft) -> bool:
    """A limit too far on the generous side of the mark."""
    band, order = draft.market.spec["price_band_e8"], draft.order
    if band == 0 or order.order_type != "LIMIT":
        return False
    if order.side == "BUY":
        return order.price_ticks > floor_div(draft.mark * (E8 + band), E8)
    return order.price_ticks < ceil_div(draft.mark * (E8 - band), E8)


def rises_to(order: Order) -> bool:
    """Whether a conditional fires at or above its trigger."""
    return order.order_type.startswith("STOP") == (order.side == "BUY")


def reached(price_ticks: int, key_ticks: int, rises: bool) -> bool:
    """Equality fires."""
    return price_ticks >= key_ticks if rises else price_ticks <= key_ticks


def would_trigger(draft: Draft) -> bool:
    """Something in the order is already true."""
    order, prices = draft.order, draft.market.prices
    assert prices is not None
    price = prices[order.trigger_source]
    if order.order_type in CONDITIONALS:
        return reached(price, order.trigger_ticks, rises_to(order))
    if order.closing or not draft.takes or draft.parts()[1] == 0:
        return False
    long = order.side == "BUY"
    if order.stop_loss_ticks and reached(price, order.stop_loss_ticks, not long):
        return True
    if order.take_profit_ticks and reached(price, order.take_profit_ticks, long):
        return True
    if order.auto_close_e8 == 0:
        return False
    lots, cost, _, initial = position_as_it_will_be(draft)
    k = draft.market.k
    return auto_close_holds(order.side, lots, cost, initial, order.auto_close_e8, prices["MARK"], k)


def would_open(draft: Draft) -> Opening:
    """The opening part of a fill now, at the fill price."""
    order, market = draft.order, draft.market
    rate = fee_rate(market, "TAKER" if draft.takes else "MAKER")
    closing, opening = draft.parts()
    if draft.is_ticket and order.amount_atoms > 0:
        amount, price = order.amount_atoms, draft.fill_price
        # While the order rests nobody knows what will be free: the fee comes out of the amount.
        free = draft.free if draft.takes else amount
        return opening_by_amount(market, amount, order.leverage, price, rate, free)
    return opening_by_quantity(market, opening, order.leverage, draft.fill_price, rate, closing)


def position_as_it_will_be(draft: Draft) -> tuple[int, int, int, int]:
    """Lots, cost, margin and M0 of the position that a fill now would open or increase."""
    opened = would_open(draft)
    numbers = (
        opened.qty_lots,
        opened.notional_atoms,
        opened.margin_atoms,
        opened.initial_margin_atoms,
    )
    position = draft.position
    if draft.is_ticket or position is None or position.side != draft.order.side:
        return numbers
    return (
        position.qty_lots + numbers[0],
        position.cost_atoms + numbers[1],
        position.margin_atoms + numbers[2],
        position.initial_margin_atoms + numbers[3],
    )


def below_notional(draft: Draft) -> bool:
    """An opener worth less than the instrument's minimum."""
    order, market = draft.order, draft.market
    if order.closing:
        return False
    to_be_market = order.order_type in CONDITIONALS and order.order_type not in LIMITS_TO_BE
    if to_be_market and order.amount_atoms > 0:
        notional = order.amount_atoms * order.leverage
    else:
        notional = draft.lots * draft.fill_price * market.k
    return bool(notional < market.spec["notional_atoms_min"])


def size_after(draft: Draft) -> tuple[str, int]:
    """Side and lots of the key's position once the order, if it takes, has filled."""
    side, lots = size_of(draft.position)
    if not draft.takes:
        return side, lots
    closing, opening = draft.parts()
    if opening == 0:
        return side, lots - closing
    return draft.order.side, opening + (lots if side == draft.order.side else 0)


def orders_after(draft: Draft) -> list[Order]:
    """The key's open orders once the order rests, or has filled and what hung on a flip is gone."""
    others = draft.others
    if not draft.takes:
        return [*others, draft.queued()]
    flips = draft.parts()[0] > 0 and draft.parts()[1] > 0
    return [other for other in others if not (flips and other.closing)]


def opens_nothing(draft: Draft) -> bool:
    """Whether all its lots only close: those of a fill now, or by the walk if it rests."""
    if draft.is_ticket:
        return False
    if draft.takes:
        return draft.parts()[1] == 0
    walked = opening_lots(orders_after(draft), draft.order.side, *size_after(draft))
    return next(count for other, count in walked if other is draft.order) == 0


def beyond_tier(draft: Draft) -> bool:
    """TIR-1."""
    order, market = draft.order, draft.market
    if order.closing or order.order_type in CONDITIONALS or opens_nothing(draft):
        return False
    allowed = cap_atoms(market.spec, order.leverage)
    if draft.is_ticket:
        return draft.lots * draft.fill_price * market.k > allowed
    side, held = size_after(draft)
    for each in ("BUY", "SELL"):
        lots = held if side == each else 0
        exposure = lots * draft.mark * market.k
        for other, count in opening_lots(orders_after(draft), each, side, held):
            lots += count
            exposure += count * other.price_ticks * market.k
        if exposure > allowed or lots > largest_position_lots(market.spec):
            return True
    return False


def too_many(draft: Draft) -> bool:
    """The account's open orders in this market, or those that wait, are as many as may be."""
    waits = draft.order.order_type in CONDITIONALS
    return not draft.takes and (too_many_open(draft) or (waits and too_many_wait(draft)))


def too_many_open(draft: Draft) -> bool:
    """No further order may be open."""
    return bool(len(draft.others) >= draft.market.spec["orders_max"])


def too_many_wait(draft: Draft) -> bool:
    """TYP-4: no further order may wait for a trigger."""
    waiting = [other for other in draft.others if other.order_type in CONDITIONALS]
    return bool(len(waiting) >= draft.market.spec.get("conditionals_max", CONDITIONALS_MAX))


def would_take(draft: Draft) -> bool:
    """A post-only order that would."""
    return draft.order.post_only and draft.takes


def cannot_fill(draft: Draft) -> bool:
    """All at once, or not at all."""
    arrives = draft.order.order_type not in CONDITIONALS
    return arrives and draft.order.time_in_force == "FOK" and not draft.takes


def short_of_balance(draft: Draft) -> bool:
    """ADM-1 to ADM-3."""
    order = draft.order
    if order.closing or order.order_type in CONDITIONALS:
        return False
    if draft.is_ticket:
        if not draft.takes:
            return draft.free < order_hold(draft.market, order)
        if order.amount_atoms > 0:
            return draft.free < order.amount_atoms
        return draft.free < would_open(draft).paid_atoms
    if opens_nothing(draft):
        return False
    held = draft.state.key_holds.get((order.account_id, order.instrument_id), 0)
    rise = key_need(draft.market, orders_after(draft), *size_after(draft)) - held
    if not draft.takes:
        return draft.free < rise
    paid_out = released(draft, draft.touch, "TAKER")
    return draft.free + paid_out - rise < would_open(draft).paid_atoms


def released(draft: Draft, price_ticks: int, liquidity: str) -> int:
    """What the closing part of a fill at this price pays out."""
    lots = draft.parts()[0]
    if lots == 0:
        return 0
    assert draft.position is not None
    rate = fee_rate(draft.market, liquidity)
    return closing_of(draft.market, draft.position, lots, price_ticks, rate).remainder_atoms


def would_liquidate(draft: Draft) -> bool:
    """ADM-4."""
    order, market = draft.order, draft.market
    if order.closing or order.order_type in CONDITIONALS or opens_nothing(draft):
        return False
    if draft.takes:
        lots, cost, margin, _ = position_as_it_will_be(draft)
        mark = draft.mark
    else:
        lots, mark = draft.lots, order.price_ticks
        cost = lots * mark * market.k
        margin = ceil_div(cost, order.leverage)
        if order.amount_atoms > 0:
            margin = order.amount_atoms - max(0, would_open(draft).fee_atoms)
    if order.amount_atoms > 0 and margin <= 0:
        return True
    spec = market.spec
    return liquidatable(
        order.side, lots, cost, margin, mark, market.k, spec["tiers"], close_fee_e8(spec)
    )


def refused_at_its_limit(draft: Draft) -> bool:
    """ADM-5: a resting LIMIT whose time has come, and who cannot pay for it any more."""
    order, market = draft.order, draft.market
    closing, opening = draft.parts()
    if order.closing or opening == 0:
        return False
    rate, price = fee_rate(market, "MAKER"), order.price_ticks
    if order.amount_atoms > 0:
        amount = order.amount_atoms
        opened = opening_by_amount(market, amount, order.leverage, price, rate, draft.free)
        return draft.free < amount or opened.margin_atoms <= 0
    opened = opening_by_quantity(market, opening, order.leverage, price, rate, closing)
    if draft.is_ticket:
        return draft.free < opened.paid_atoms
    side, lots = size_of(draft.position)
    kept = lots if side == order.side else 0
    others = [other for other in draft.others if not (closing > 0 and other.closing)]
    held = draft.state.key_holds.get((order.account_id, order.instrument_id), 0)
    rise = key_need(market, others, order.side, kept + opening) - held
    return draft.free + released(draft, price, "MAKER") - rise < opened.paid_atoms


def expired(draft: Draft) -> bool:
    """Good till a time that has come."""
    return draft.order.time_in_force == "GTD" and draft.order.expire_ns <= draft.state.now_ns
