"""The language of the stories: one line, one command.  Knows words; what they do, the engine says.

    instrument BTC/USDT simple tick 0.1 lot 0.001 fees 0     change BTC/USDT taker 0.05%
    status BTC/USDT halted                                   account bob
    deposit alice 1000 [USDT] [as ID]    withdraw …          insurance 400
    price 20000.0      price bid 19999.9 ask 20000.1 …       price 20000.0 by feed binance 7
    price ETH/USDT 2000.0                                    wait 5s, or after 5s: any command
    token phone for alice may read trade                     revoke token phone
    alice buys 0.1 at market, 20x                            alice sells 100 USDT at 21000.0, 5x
    alice buys 0.1 at stop 21000.0, 20x                      alice sells 0.1 at target 21000.0
    alice sells 0.1 at trail 100.0 [from 21000.0]            (or `trail 1%`, or `trail 100.0 1%`)
    alice buys 0.1 at stop 21000.0 limit 21050.0, 20x        (or `target … limit …`)
    alice closes position 2 [0.05] at market                 (or any `at …` of an order)
    alice cancels order 1 | id abc | all [in BTC/USDT]       alice cancels all after 60s
    alice disconnects
    alice amends order 1 to [0.05] [100 USDT] [at 19000.0] [stop 19000.0]
    alice submits: buys 0.1 at 19000.0; amends order 1 to 0.05; cancels order 2
    alice sets on position 2: stop loss 19000.0, take profit none, auto-close -50%, watching last
    alice sets on position 2: trail 100.0 1%                 (or `trail none`)
    alice adds 20 to position 2          alice removes 20 from position 2
    alice sets leverage 10x [for long] [in ETH/USDT]
    alice sets position mode hedging [in ETH/USDT]
    alice sets margin mode cross [for long] [in ETH/USDT]
    sample premium [of ETH/USDT]
    fee tier 1 pays maker -0.01% taker 0.03% [in ETH/USDT]       alice gets fee tier 1

Options of an order, each after a comma: `20x`, `ioc`, `fok`, `until 60s`, `post-only`,
`reduce-only`, `close-position`, `closing position 2`, `stop loss 19000.0`, `take profit 22000.0`,
`auto-close -50%`, `trail 100.0 1%`, `watching last`, `showing 0.01` (iceberg), `stp decrement`
(or `cancel-maker`, `cancel-taker`, `cancel-both`), `oco exit`, `leg long`, `id abc`, `body xyz`,
`in ETH/USDT`.
What a line does not mention is absent.

`expect` and `show` take `alice`, `venue`, `fund`, `position 2`, `order 1`, `BTC/USDT`; `show` also
`book BTC/USDT`, `preview: alice buys …` and `largest for 100: alice buys …`.
"""

import re
from typing import Final

from engine import commands
from engine.commands import ALL_INSTRUMENTS, Command, PriceSource, Scope
from engine.instrument import InstrumentStatus
from engine.units import AccountId, InstrumentId, OrderId
from tests.scenarios.decimals import ATOM, seconds_ns, to_units
from tests.scenarios.instruments import profile, with_settings
from tests.scenarios.key_language import KEY_GRAMMAR
from tests.scenarios.orders import order_command
from tests.scenarios.world import Reader, Words, World, token_hash

STATUSES: Final = {
    "trading": InstrumentStatus.TRADING,
    "close-only": InstrumentStatus.CLOSE_ONLY,
    "halted": InstrumentStatus.HALTED,
}


def read_line(world: World, line: str) -> list[Command]:
    """The commands of a line.  Raises ValueError if the line says nothing known."""
    delayed = re.fullmatch(r"after (\S+): (.*)", line)
    if delayed is not None:
        world.time_ns += seconds_ns(delayed[1])
        line = delayed[2]
    for pattern, reader in GRAMMAR:
        match = re.fullmatch(pattern, line)
        if match is not None:
            return reader(world, tuple(group or "" for group in match.groups()))
    raise ValueError(f"a story cannot say: {line}")


def _instrument(_world: World, words: Words) -> list[Command]:
    symbol, profile_name, settings = words
    spec = with_settings(profile(profile_name, symbol), settings.split())
    return [commands.ListInstrument(spec)]


def _change(world: World, words: Words) -> list[Command]:
    symbol, settings = words
    instrument_id = world.state.symbols.get(symbol)
    if instrument_id is None:
        spec = with_settings(profile("simple", symbol), settings.split())
        return [commands.ChangeInstrument(InstrumentId(999), spec)]
    spec = with_settings(world.market(symbol).spec, settings.split())
    return [commands.ChangeInstrument(instrument_id, spec)]


def _status(world: World, words: Words) -> list[Command]:
    symbol, status = words
    instrument_id = world.state.symbols.get(symbol, InstrumentId(999))
    return [commands.SetInstrumentStatus(instrument_id, STATUSES[status])]


def _transfer(world: World, words: Words) -> list[Command]:
    verb, name, amount, asset, transfer_id = words
    opened: list[Command] = []
    if verb == "deposit" and name not in world.state.account_ids and name != "nobody":
        opened = [commands.OpenAccount(name)]
    account_id = AccountId(len(world.state.accounts)) if opened else world.account_id(name)
    transfer = commands.Deposit if verb == "deposit" else commands.Withdraw
    atoms = to_units(amount, ATOM)
    return [
        *opened,
        transfer(account_id, asset or "USDT", atoms, transfer_id or world.next_transfer_id()),
    ]


def _insurance(world: World, words: Words) -> list[Command]:
    amount, asset, transfer_id = words
    transfer_id = transfer_id or world.next_transfer_id()
    return [commands.FundInsurance(asset or "USDT", to_units(amount, ATOM), transfer_id)]


def _price(world: World, words: Words) -> list[Command]:
    """One price for all five, or some by name; the others stay, or are like the first named."""
    symbol, text, source, sequence = words
    instrument_id = world.state.symbols.get(symbol or "", InstrumentId(999 if symbol else 1))
    known = world.state.market(instrument_id)
    tick_e8 = to_units("0.1", ATOM) if known is None else known.spec.tick_size_e8
    parts = text.split()
    if len(parts) == 1:
        prices = [to_units(parts[0], tick_e8)] * 5
    else:
        prices = list(known.prices) if known is not None else [0] * 5
        first = to_units(parts[1], tick_e8)
        prices = [ticks or first for ticks in prices]
        for name, value in zip(parts[::2], parts[1::2], strict=True):
            prices[PriceSource[name.upper()]] = to_units(value, tick_e8)
    by_operator = source == ""
    return [
        commands.UpdatePrice(instrument_id, source, int(sequence or 0), by_operator, *prices),
    ]


def _cancel(world: World, words: Words) -> list[Command]:
    name, order_id, client_order_id, symbol = words
    account_id = world.account_id(name)
    if order_id or client_order_id:
        named = OrderId(int(order_id or 0))
        return [commands.CancelOrder(account_id, named, client_order_id)]
    if symbol == "":
        return [commands.CancelOrders(account_id, ALL_INSTRUMENTS)]
    instrument_id = world.state.symbols.get(symbol, InstrumentId(999))
    return [commands.CancelOrders(account_id, instrument_id)]


def _cancel_after(world: World, words: Words) -> list[Command]:
    name, timeout = words
    return [commands.CancelAfter(world.account_id(name), seconds_ns(timeout))]


def _disconnect(world: World, words: Words) -> list[Command]:
    return [commands.CancelOrders(world.account_id(words[0]), ALL_INSTRUMENTS, on_disconnect=True)]


def _batch(world: World, words: Words) -> list[Command]:
    """Each item is a line without its name; one that begins with a name is that user's."""
    name, items = words
    batched: list[commands.BatchedCommand] = []
    for item in items.split("; "):
        own = item.split()[0] in BATCHED_VERBS
        [command] = read_line(world, f"{name} {item}" if own else item)
        assert isinstance(command, commands.BatchedCommand)
        batched.append(command)
    return [commands.SubmitBatch(world.account_id(name), tuple(batched))]


def _amend(world: World, words: Words) -> list[Command]:
    name, order_id, client_order_id, quantity, amount, price, trigger = words
    spec = world.market().spec
    return [
        commands.AmendOrder(
            world.account_id(name),
            OrderId(int(order_id or 0)),
            client_order_id,
            to_units(price, spec.tick_size_e8) if price else 0,
            to_units(trigger, spec.tick_size_e8) if trigger else 0,
            to_units(quantity, spec.lot_size_e8) if quantity else 0,
            to_units(amount, ATOM) if amount else 0,
        )
    ]


def _token(world: World, words: Words) -> list[Command]:
    token, name, scopes = words
    account_id = AccountId(0) if name == "operator" else world.account_id(name)
    allowed = sum(Scope[scope.upper()] for scope in scopes.split())
    return [commands.IssueToken(account_id, token_hash(token), allowed)]


def _wait(world: World, words: Words) -> list[Command]:
    world.time_ns += seconds_ns(words[0])
    return [commands.AdvanceTime()]


ASSET_AND_ID: Final = r"(?: ([A-Z]{3,}))?(?: as (\S+))?"
NUMBER: Final = r"(-?[\d.]+)"
BATCHED_VERBS: Final = ("buys", "sells", "closes", "amends", "cancels")
GRAMMAR: Final[tuple[tuple[str, Reader], ...]] = (
    (r"instrument (\S+) (\w+)(.*)", _instrument),
    (r"change (\S+)(.*)", _change),
    (r"status (\S+) (\S+)", _status),
    (r"account (.*)", lambda _world, words: [commands.OpenAccount(words[0])]),
    (rf"(deposit|withdraw) (\S+) {NUMBER}{ASSET_AND_ID}", _transfer),
    (rf"insurance {NUMBER}{ASSET_AND_ID}", _insurance),
    (r"price (?:(\S+/\S+) )?(.*?)(?: by feed (\S+) (-?\d+))?", _price),
    (r"(\w+) submits: (.*)", _batch),
    (r"(\w+) cancels all after (\S+)", _cancel_after),
    (r"(\w+) disconnects", _disconnect),
    (r"(\w+) cancels (?:order (\d+)|id (\S+)|all(?: in (\S+))?)", _cancel),
    (
        rf"(\w+) amends (?:order (\d+)|id (\S+)) to(?: {NUMBER}(?! \w*USDT))?(?: {NUMBER} USDT)?"
        rf"(?: at {NUMBER})?(?: stop {NUMBER})?",
        _amend,
    ),
    *KEY_GRAMMAR,
    (r"token (\S+) for (\S+) may (.*)", _token),
    (r"revoke token (\S+)", lambda _world, words: [commands.RevokeToken(token_hash(words[0]))]),
    (r"wait (\S+)", _wait),
    (r"(\w+ (?:buys|sells|closes) .*)", lambda world, words: [order_command(world, words[0])]),
)
