"""Orders in words: `alice buys 0.1 at 20000.0, 20x, stop loss 19000.0`.  Knows words only."""

import re
from dataclasses import dataclass
from typing import Final

from engine.commands import (
    Leg,
    OrderType,
    PlaceOrder,
    PriceSource,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from engine.position import closing_side
from engine.units import InstrumentId, PositionId
from tests.scenarios.decimals import ATOM, percent_e8, seconds_ns, to_units
from tests.scenarios.world import World, digest_of

ORDER: Final = (
    r"(\w+) (buys|sells|closes position (\d+)(?: in full)?)(?: (-?[\d.]+)( USDT)?)?"
    r" at (?:(market)|(stop|target) (-?[\d.]+)(?: limit (-?[\d.]+))?|(-?[\d.]+)"
    r"|trail ([^,]*?)(?: from (-?[\d.]+))?)"
)
MARKET_TYPES: Final = {"stop": OrderType.STOP_MARKET, "target": OrderType.TAKE_PROFIT_MARKET}
LIMIT_TYPES: Final = {"stop": OrderType.STOP_LIMIT, "target": OrderType.TAKE_PROFIT_LIMIT}

SWITCHES: Final = {
    "post-only": "post_only",
    "reduce-only": "reduce_only",
    "close-position": "close_position",
}
NAMES: Final = {"oco": "oco_group", "id": "client_order_id", "body": "body"}
EXITS: Final = {"stop loss": "stop_loss_ticks", "take profit": "take_profit_ticks"}


@dataclass
class Terms:
    """What an order says, in the engine's integers; a line sets what it mentions."""

    account_id: int
    side: Side
    order_type: OrderType
    qty_lots: int
    amount_atoms: int
    price_ticks: int
    trigger_ticks: int
    position_id: int
    instrument_id: int = 1
    leverage: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    trigger_source: PriceSource = PriceSource.MARK
    reduce_only: bool = False
    post_only: bool = False
    stop_loss_ticks: int = 0
    take_profit_ticks: int = 0
    auto_close_e8: int = 0
    expire_ns: int = 0
    client_order_id: str = ""
    body: str = ""
    display_lots: int = 0
    close_position: bool = False
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.CANCEL_MAKER
    oco_group: str = ""
    leg: Leg = Leg.NONE
    trail_ticks: int = 0
    trail_e8: int = 0


def order_command(world: World, line: str) -> PlaceOrder:
    """The order of a line.  Raises ValueError if it says something unknown."""
    main, *options = line.split(", ")
    symbol = next((o.removeprefix("in ") for o in options if o.startswith("in ")), "")
    terms = _main_terms(world, main, symbol)
    for option in options:
        _read_option(world, terms, option, _steps(world, symbol))
    body = terms.body or line
    return PlaceOrder(
        world.account_id(line.split()[0]),
        InstrumentId(terms.instrument_id),
        terms.side,
        terms.order_type,
        terms.time_in_force,
        terms.qty_lots,
        terms.amount_atoms,
        terms.price_ticks,
        terms.trigger_ticks,
        terms.trigger_source,
        terms.leverage,
        terms.reduce_only,
        terms.post_only,
        PositionId(terms.position_id),
        terms.stop_loss_ticks,
        terms.take_profit_ticks,
        terms.auto_close_e8,
        terms.expire_ns,
        terms.client_order_id,
        digest_of(body) if terms.client_order_id else b"",
        terms.display_lots,
        terms.close_position,
        terms.self_trade_prevention,
        terms.oco_group,
        terms.leg,
        terms.trail_ticks,
        terms.trail_e8,
    )


def _steps(world: World, symbol: str) -> tuple[int, int]:
    """Tick and lot of a symbol; those of the first market if it is not listed."""
    known = symbol in world.state.symbols
    spec = world.market(symbol if known else "").spec
    return spec.tick_size_e8, spec.lot_size_e8


def _main_terms(world: World, text: str, symbol: str) -> Terms:
    match = re.fullmatch(ORDER, text)
    if match is None:
        raise ValueError(f"an order cannot say: {text}")
    name, verb, closed, size, is_amount, market, condition, trigger, *rest = match.groups()
    limit, price, trail, activation = rest
    tick_e8, lot_e8 = _steps(world, symbol)
    side = Side.BUY if verb == "buys" else Side.SELL
    leg = Leg.NONE
    if closed:
        position = world.state.positions.get(int(closed))
        side = Side.SELL if position is None else closing_side(position.side)
        leg = Leg.NONE if position is None else position.key.leg
    price, trigger = price or limit, trigger or activation
    types = LIMIT_TYPES if limit else MARKET_TYPES
    order_type = OrderType.MARKET if market else types.get(condition or "", OrderType.LIMIT)
    trail_ticks, trail_e8 = read_trail(trail or "none", tick_e8)
    lots = to_units(size, lot_e8) if size and not is_amount else 0
    return Terms(
        account_id=world.account_id(name),
        side=side,
        order_type=order_type if trail is None else OrderType.TRAILING_STOP,
        qty_lots=lots,
        amount_atoms=to_units(size, ATOM) if size and is_amount else 0,
        price_ticks=to_units(price, tick_e8) if price else 0,
        trigger_ticks=to_units(trigger, tick_e8) if trigger else 0,
        position_id=int(closed or 0),
        instrument_id=world.state.symbols.get(symbol, 999 if symbol else 1),
        leg=leg,
        trail_ticks=trail_ticks,
        trail_e8=trail_e8,
    )


def read_trail(text: str, tick_e8: int) -> tuple[int, int]:
    """Distance in ticks and rate of `100.0`, `1%` or `100.0 1%`; both 0 of `none`."""
    ticks = rate_e8 = 0
    for term in text.replace("none", "").split():
        if term.endswith("%"):
            rate_e8 = percent_e8(term)
        else:
            ticks = to_units(term, tick_e8)
    return ticks, rate_e8


def _read_option(world: World, terms: Terms, option: str, steps: tuple[int, int]) -> None:
    word, _, value = option.rpartition(" ")
    tick_e8, lot_e8 = steps
    if option.startswith("trail "):
        trail = read_trail(option.removeprefix("trail "), tick_e8)
        terms.trail_ticks, terms.trail_e8 = trail
    elif re.fullmatch(r"-?\d+x", option):
        terms.leverage = int(option.removesuffix("x"))
    elif option in ("ioc", "fok"):
        terms.time_in_force = TimeInForce[option.upper()]
    elif option in SWITCHES:
        setattr(terms, SWITCHES[option], True)
    elif word == "showing":
        terms.display_lots = to_units(value, lot_e8)
    elif word == "stp":
        terms.self_trade_prevention = SelfTradePrevention[value.upper().replace("-", "_")]
    elif word in NAMES:
        setattr(terms, NAMES[word], value)
    elif word == "leg":
        terms.leg = Leg[value.upper()]
    elif word == "until":
        terms.time_in_force = TimeInForce.GTD
        terms.expire_ns = world.time_ns + seconds_ns(value)
    elif word in EXITS:
        setattr(terms, EXITS[word], to_units(value, tick_e8))
    elif word == "auto-close":
        terms.auto_close_e8 = percent_e8(value)
    elif word == "closing position":
        terms.position_id = int(value)
    elif word == "watching":
        terms.trigger_source = PriceSource[value.upper()]
    elif word != "in":
        raise ValueError(f"no order says: {option}")
