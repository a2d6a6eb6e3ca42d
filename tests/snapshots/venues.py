"""A seeded stream of commands that leaves something of everything in a venue."""

from collections.abc import Iterator
from random import Random

from engine.codec import INSTRUMENT_FIELDS
from engine.commands import (
    KEEP,
    AdjustMargin,
    AmendOrder,
    CancelAfter,
    CancelOrder,
    Command,
    Deposit,
    FundInsurance,
    IssueToken,
    ListInstrument,
    OpenAccount,
    OrderType,
    PlaceOrder,
    PriceSource,
    RevokeToken,
    SelfTradePrevention,
    SetPositionExits,
    Side,
    TimeInForce,
    UpdatePrice,
    Withdraw,
)
from engine.engine import Engine
from engine.instrument import (
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    perpetual_instrument,
    simple_instrument,
)
from engine.state import State, open_orders, open_positions
from engine.units import E8, AccountId, InstrumentId, OrderId, PositionId

ACCOUNTS = 6
MARKETS = (1, 2, 3)
BOOK = 3
FIRST_TICKS = 200_000
STOP_TYPES = (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
LIMIT_TYPES = (OrderType.LIMIT, OrderType.STOP_LIMIT)
ORDER_TYPES = (OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT, *STOP_TYPES)
SECOND_NS = 1_000_000_000


def isolated_spec(symbol: str, market: MarketStructure) -> InstrumentSpec:
    """The perpetual profile with isolated margin, on quotes or with a book."""
    spec = perpetual_instrument(symbol, "BTC", "USDT", 10_000_000, 100_000)
    fields = {name: getattr(spec, name) for name in INSTRUMENT_FIELDS}
    fields["market"] = market
    fields["margin_mode"] = MarginMode.ISOLATED
    return InstrumentSpec(**fields)


def opening_commands() -> Iterator[Command]:
    """A market of each kind, funded accounts, tokens, an insurance fund, first prices."""
    yield ListInstrument(simple_instrument("BTC/USDT", "BTC", "USDT", 10_000_000, 100_000))
    yield ListInstrument(isolated_spec("BTC-PERP/USDT", MarketStructure.QUOTE_DRIVEN))
    yield ListInstrument(isolated_spec("BTC-BOOK/USDT", MarketStructure.ORDER_DRIVEN))
    for number in range(1, ACCOUNTS + 1):
        yield OpenAccount(f"trader-{number}")
        yield Deposit(AccountId(number), "USDT", 50_000 * E8, f"deposit-{number}")
        yield IssueToken(AccountId(number), bytes([number]) * 32, 3)
    yield RevokeToken(bytes([2]) * 32)
    yield FundInsurance("USDT", 1_000 * E8, "insurance-1")
    yield Withdraw(AccountId(1), "USDT", 7 * E8, "withdrawal-1")
    for instrument in MARKETS:
        yield price(instrument, 1, FIRST_TICKS)


def price(instrument: int, row: int, ticks: int) -> UpdatePrice:
    """A feed's price with a spread of two ticks."""
    instrument_id = InstrumentId(instrument)
    return UpdatePrice(instrument_id, "feed", row, False, ticks - 1, ticks + 1, ticks, ticks, ticks)


def trading_commands(engine: Engine, seed: int, count: int) -> Iterator[Command]:
    """Orders of all kinds, exits, amends, margin and wandering prices."""
    random = Random(seed)
    ticks = FIRST_TICKS
    for row in range(2, count + 2):
        account = AccountId(random.randint(1, ACCOUNTS))
        choice = random.randrange(10)
        if choice < 3:
            ticks = max(1_000, ticks + random.randint(-900, 900))
            yield price(MARKETS[row % len(MARKETS)], row, ticks)
        elif choice < 8:
            yield order(random, account, ticks, row)
        else:
            yield follow_up(random, engine.state, account)


def order(random: Random, account: AccountId, ticks: int, row: int) -> PlaceOrder:
    """An order of any kind, some with exits, an expiry, a partner or a client order id."""
    side = random.choice((Side.BUY, Side.SELL))
    sign = 1 if side is Side.BUY else -1
    order_type = random.choice(ORDER_TYPES)
    instrument = random.choice(MARKETS)
    away = sign * random.randint(-300 if instrument == BOOK else 50, 4_000)
    limit_ticks = ticks - away if order_type in LIMIT_TYPES else 0
    trigger_ticks = ticks + abs(away) * sign if order_type in STOP_TYPES else 0
    expires = order_type is not OrderType.MARKET and random.random() < 0.2
    parent = limit_ticks or trigger_ticks or ticks
    by_amount = random.random() < 0.5
    client_order_id = f"order-{row}" if random.random() < 0.4 else ""
    return PlaceOrder(
        account,
        InstrumentId(instrument),
        side,
        order_type,
        TimeInForce.GTD if expires else TimeInForce.GTC,
        0 if by_amount else random.randint(1, 60),
        random.randint(5, 300) * E8 if by_amount else 0,
        limit_ticks,
        trigger_ticks,
        PriceSource.MARK,
        random.choice((5, 20, 50)) if instrument == 1 else 0,
        False,
        False,
        PositionId(0),
        parent - sign * 5_000 if random.random() < 0.4 else 0,
        parent + sign * 5_000 if random.random() < 0.4 else 0,
        random.choice((0, 0, 50_000_000, -60_000_000)),
        (row + 400) * SECOND_NS if expires else 0,
        client_order_id,
        bytes(16) if client_order_id else b"",
        random.choice((0, 0, 3)) if instrument == BOOK and order_type in LIMIT_TYPES else 0,
        False,
        random.choice(list(SelfTradePrevention)),
        random.choice(("", "", "pair")),
    )


def follow_up(random: Random, state: State, account: AccountId) -> Command:
    """Something to an open order or position of the account, if it has one."""
    orders, positions = open_orders(state, account), open_positions(state, account)
    if random.random() < 0.05:
        return CancelAfter(account, random.choice((0, 40, 90)) * SECOND_NS)
    if orders and random.random() < 0.5:
        found = random.choice(orders)
        if found.is_limit() and random.random() < 0.5:
            return AmendOrder(account, found.order_id, "", found.price_ticks + 1, 0, 0, 0)
        return CancelOrder(account, found.order_id, "")
    if positions:
        position = random.choice(positions)
        if random.random() < 0.5:
            return AdjustMargin(account, position.position_id, random.randint(1, 20) * E8)
        sign = 1 if position.side is Side.BUY else -1
        stop_loss = position.market.mark_ticks - sign * 3_000
        return SetPositionExits(
            account, position.position_id, stop_loss, KEEP, KEEP, PriceSource.MARK
        )
    return CancelOrder(account, OrderId(0), "nothing")


def traded_engine(seed: int, count: int) -> Engine:
    """A venue after `count` trading commands."""
    engine = Engine(State())
    for command in opening_commands():
        apply_next(engine, command)
    for command in trading_commands(engine, seed, count):
        apply_next(engine, command)
    return engine


def apply_next(engine: Engine, command: Command) -> None:
    """Apply a command a second after the last."""
    sequence = engine.state.sequence + 1
    engine.apply(sequence, sequence * SECOND_NS, command)
