"""What is true in a story's venue, in words: what `show` prints and `expect` compares."""

import re
from typing import Final

from engine.commands import PlaceOrder, Side
from engine.cross import CrossAccount, spendable_atoms
from engine.instrument import InstrumentSpec
from engine.margin import bankruptcy_ticks, profit_atoms
from engine.market import Market
from engine.order import Order
from engine.position import Position
from engine.preview import largest_order, preview_order
from engine.price_levels import Entry
from engine.state import open_orders, open_positions
from engine.trailing import Trail
from engine.units import E8, AssetId, div_ceil
from tests.scenarios.decimals import ATOM, to_units
from tests.scenarios.orders import order_command
from tests.scenarios.words import money, price, size, trail
from tests.scenarios.world import World

Facts = dict[str, str]

# What few positions and orders have; `show` mentions it where it is.
UNSET: Final = {"owes": "0", "trail": "none", "extreme": "none", "level": "none"}


def account_facts(world: World, name: str, asset: str = "USDT") -> Facts:
    """Balances of one asset, and how many orders and positions are open."""
    state, account_id = world.state, world.account_id(name)
    asset_id = state.asset_ids[asset]
    positions = open_positions(state, account_id)
    margin = sum(p.margin_atoms for p in positions if p.market.asset_id == asset_id)
    ledger = state.ledger.assets[asset_id]
    cross = state.cross_account(AssetId(asset_id), account_id)
    has_cross = cross is not None and bool(cross.standings)
    facts = {
        "free": money(ledger.free[account_id]),
        "hold": money(ledger.hold[account_id]),
        "margin": money(margin),
        "locked": money(ledger.hold[account_id] + margin),
        "orders": str(len(open_orders(state, account_id))),
        "positions": str(len(positions)),
    }
    if cross is not None and has_cross:
        facts |= cross_facts(world, cross)
    return facts


def cross_facts(world: World, account: CrossAccount) -> Facts:
    """What stands behind cross positions, and what it may back (CRS-1, CRS-2)."""
    ids = account.asset_id, account.account_id
    return {
        "equity": money(account.equity_atoms()),
        "initial": money(account.initial_margin_atoms()),
        "maintenance": money(div_ceil(account.maintenance_e8(), E8)),
        "available": money(spendable_atoms(world.state, *ids, cross=True)),
        "withdrawable": money(spendable_atoms(world.state, *ids, cross=False)),
    }


def venue_facts(world: World, asset: str = "USDT") -> Facts:
    """The venue's own accounts of one asset."""
    ledger = world.state.ledger.assets[world.state.asset_ids[asset]]
    return {
        "fees": money(ledger.fees_atoms),
        "insurance": money(ledger.insurance_atoms),
        "house": money(ledger.house_atoms),
        "clearing": money(sum(ledger.clearing.values())),
        "external": money(ledger.external_atoms),
        "sum": money(ledger.sum_atoms()),
    }


def position_facts(position: Position) -> Facts:
    """Everything a trader reads of a position."""
    market, spec, pairs = position.market, position.market.spec, position.pairs or []
    lots, cost = position.qty_lots, position.cost_atoms
    basis, margin = position.basis_atoms(), position.margin_atoms
    bankruptcy = bankruptcy_ticks(position.side, lots, basis, margin, market.k)
    auto_close = position.auto_close
    armed = auto_close is not None and auto_close.levels is not None
    liquidation = position.liquidation
    will_liquidate = liquidation is not None and liquidation.levels is not None
    return {
        "side": "long" if position.side is Side.BUY else "short",
        "size": size(spec, lots),
        "cost": money(cost),
        "margin": money(margin),
        "owes": money(position.accrued_atoms),
        "base": money(position.initial_margin_atoms),
        "leverage": f"{position.leverage}x",
        "realized": money(position.realized_atoms),
        "profit": money(profit_atoms(position.side, lots, basis, market.mark_ticks, market.k)),
        "liquidation": price(spec, position.liquidation_ticks if will_liquidate else 0),
        "bankruptcy": price(spec, max(0, bankruptcy)),
        "stop-loss": price(spec, position.stop_loss_ticks),
        "take-profit": price(spec, position.take_profit_ticks),
        "auto-close": price(spec, auto_close.key_ticks if armed and auto_close else 0),
        "pairs": str(len(pairs)),
        **trailing_facts(spec, next((p.trailing for p in pairs if p.trailing), None)),
    }


def trailing_facts(spec: InstrumentSpec, entry: Entry | None) -> Facts:
    """How far a trailing stop follows, what extreme, and where it would fire."""
    place = None if entry is None else entry.levels
    if not isinstance(place, Trail):
        return {"trail": "none", "extreme": "none", "level": "none"}
    return {
        "trail": trail(spec, place.trail_ticks, place.trail_e8).replace(" ", "/"),
        "extreme": price(spec, place.extreme_ticks()),
        "level": price(spec, max(0, place.level_ticks())),
    }


def order_facts(order: Order) -> Facts:
    """Everything a trader reads of an open order."""
    spec = order.market.spec
    return {
        "side": order.side.name.lower(),
        "size": size(spec, order.qty_lots),
        "filled": size(spec, order.filled_lots),
        "shows": size(spec, order.visible_lots),
        "amount": money(order.amount_atoms),
        "price": price(spec, order.watched_ticks()),
        "hold": money(0 if order.key.pools else order.hold_atoms),
        "leverage": f"{order.leverage}x",
        "priority": str(order.priority),
        **trailing_facts(spec, order),
    }


def market_facts(market: Market) -> Facts:
    """Status and the five prices; the book has the bid and the ask if there is one."""
    names = ("bid", "ask", "last", "mark", "index")
    touch = market.prices[:2]
    if market.book is not None:
        assert touch == [0, 0]
        touch = [market.book.best_bid_ticks, market.book.best_ask_ticks]
    prices = zip(names, [*touch, *market.prices[2:]], strict=True)
    return {
        "status": market.status.name.lower().replace("_", "-"),
        **{name: price(market.spec, ticks) for name, ticks in prices},
    }


def book(market: Market) -> str:
    """What the book shows: `bids 0.1 @ 19900.0, …; asks none`, the best first."""
    assert market.book is not None
    sides = (
        ("bids", sorted(market.book.depth_bids.items(), reverse=True)),
        ("asks", sorted(market.book.depth_asks.items())),
    )
    return "; ".join(
        f"{name} "
        + (
            ", ".join(
                f"{size(market.spec, lots)} @ {price(market.spec, ticks)}" for ticks, lots in levels
            )
            or "none"
        )
        for name, levels in sides
    )


def facts_of(world: World, subject: str) -> Facts:
    """The facts about `alice`, `venue`, `fund`, `position 2`, `order 1` or a symbol.

    None if it is gone.
    """
    kind, _, number = subject.partition(" ")
    if kind == "venue":
        return venue_facts(world, number or "USDT")
    if kind == "fund":
        positions = [p for p in world.state.positions.values() if p.account_id == 0]
        orders = [o for o in world.state.orders.values() if o.account_id == 0]
        return {"positions": str(len(positions)), "orders": str(len(orders))}
    if kind == "position":
        position = world.state.positions.get(int(number))
        return {} if position is None else position_facts(position)
    if kind == "order":
        order = world.state.orders.get(int(number))
        return {} if order is None else order_facts(order)
    if "/" in kind:
        return market_facts(world.market(kind))
    return account_facts(world, kind, number or "USDT")


def shown(world: World, subject: str) -> list[str]:
    """One line about the subject; under an account its positions and orders."""
    asked = re.fullmatch(r"(preview|largest for (\S+)): (.*)", subject)
    if asked is not None:
        return [f"{asked[1]}: {asked_before(world, order_command(world, asked[3]), asked[2])}"]
    if subject.startswith("book "):
        return [f"{subject}: {book(world.market(subject.removeprefix('book ')))}"]
    facts = facts_of(world, subject)
    if not facts:
        return [f"{subject} is gone"]
    said = [f"{name} {value}" for name, value in facts.items() if UNSET.get(name) != value]
    lines = [f"{subject}: " + ", ".join(said)]
    if "locked" in facts:
        account_id = world.account_id(subject.split()[0])
        positions, orders = (
            open_positions(world.state, account_id),
            open_orders(world.state, account_id),
        )
        lines += below(world, [f"position {p.position_id}" for p in positions])
        lines += below(world, [f"order {o.order_id}" for o in orders])
    return lines


def asked_before(world: World, command: PlaceOrder, budget: str | None) -> str:
    """What an order would come to or, with a budget, how large it may be (PRV-1)."""
    spec = world.market().spec
    if budget is not None:
        return size(spec, largest_order(world.state, command, to_units(budget, ATOM)))
    found = preview_order(world.state, command)
    numbers = {
        "margin": money(found.margin_atoms),
        "fee": money(found.fee_atoms),
        "liquidation": price(spec, found.liquidation_ticks),
        "bankruptcy": price(spec, found.bankruptcy_ticks),
    }
    said = ", ".join(f"{name} {value}" for name, value in numbers.items())
    return f"{found.reason.name}, {size(spec, found.qty_lots)}, {said}"


def below(world: World, subjects: list[str]) -> list[str]:
    """Indented lines of what belongs to an account."""
    return ["  " + line for subject in subjects for line in shown(world, subject)]


def unexpected(world: World, subject: str, expectations: str) -> list[str]:
    """Where the facts are not what a person worked out: `free 899.2, locked 100`."""
    facts = facts_of(world, subject)
    if expectations == "gone":
        return [f"{subject} is still there"] if facts else []
    found: list[str] = []
    for expectation in expectations.split(", "):
        name, value = expectation.split(" ")
        if facts.get(name) != value:
            found.append(f"{subject}: {name} is {facts.get(name)}, expected {value}")
    return found
