"""Lines about positions, keys and rates: exits, margin, modes, fee tiers, premium samples."""

from typing import Final

from engine import commands
from engine.commands import KEEP, Command, Leg, PriceSource
from engine.instrument import MarginMode, PositionMode
from engine.units import InstrumentId, PositionId
from tests.scenarios.decimals import ATOM, percent_e8, to_units
from tests.scenarios.orders import read_trail
from tests.scenarios.world import Reader, Words, World

NUMBER: Final = r"(-?[\d.]+)"


def _exits(world: World, words: Words) -> list[Command]:
    name, position_id, terms = words
    tick_e8 = world.market().spec.tick_size_e8
    exits = {"stop loss": KEEP, "take profit": KEEP, "auto-close": KEEP}
    trail = KEEP, KEEP
    source = PriceSource.MARK
    for term in terms.split(", "):
        word, value = term.rsplit(" ", 1)
        if term.startswith("trail "):
            trail = read_trail(term.removeprefix("trail "), tick_e8)
        elif word == "watching":
            source = PriceSource[value.upper()]
        elif value == "none":
            exits[word] = 0
        else:
            exits[word] = percent_e8(value) if word == "auto-close" else to_units(value, tick_e8)
    stop_loss, take_profit, auto_close = exits.values()
    account_id, position = world.account_id(name), PositionId(int(position_id))
    prices = stop_loss, take_profit, auto_close
    return [commands.SetPositionExits(account_id, position, *prices, source, *trail)]


def _margin(world: World, words: Words) -> list[Command]:
    name, verb, amount, position_id = words
    atoms = to_units(amount, ATOM) * (1 if verb == "adds" else -1)
    return [commands.AdjustMargin(world.account_id(name), PositionId(int(position_id)), atoms)]


def _leverage(world: World, words: Words) -> list[Command]:
    name, leverage, leg, symbol = words
    account_id, instrument_id = world.account_id(name), _instrument_id(world, symbol)
    return [commands.SetLeverage(account_id, instrument_id, int(leverage), _leg(leg))]


def _position_mode(world: World, words: Words) -> list[Command]:
    name, mode, symbol = words
    account_id, instrument_id = world.account_id(name), _instrument_id(world, symbol)
    return [commands.SetPositionMode(account_id, instrument_id, PositionMode[mode.upper()])]


def _margin_mode(world: World, words: Words) -> list[Command]:
    name, word, leg, symbol = words
    account_id, instrument_id = world.account_id(name), _instrument_id(world, symbol)
    mode = MarginMode[word.upper()]
    return [commands.SetMarginMode(account_id, instrument_id, _leg(leg), mode)]


def _instrument_id(world: World, symbol: str) -> InstrumentId:
    return world.state.symbols.get(symbol, InstrumentId(999 if symbol else 1))


def _leg(word: str) -> Leg:
    return Leg[word.upper()] if word else Leg.NONE


def _premium(world: World, words: Words) -> list[Command]:
    return [commands.SamplePremium(_instrument_id(world, words[0]))]


def _fee_tier(world: World, words: Words) -> list[Command]:
    tier, maker, taker, symbol = words
    rates_e8 = percent_e8(maker), percent_e8(taker)
    return [commands.SetFeeTier(_instrument_id(world, symbol), int(tier), *rates_e8)]


def _assign(world: World, words: Words) -> list[Command]:
    name, tier = words
    return [commands.AssignFeeTier(world.account_id(name), int(tier))]


KEY_GRAMMAR: Final[tuple[tuple[str, Reader], ...]] = (
    (r"(\w+) sets on position (\d+): (.*)", _exits),
    (rf"(\w+) (adds|removes) {NUMBER} (?:to|from) position (\d+)", _margin),
    (r"(\w+) sets leverage (-?\d+)x(?: for (\w+))?(?: in (\S+))?", _leverage),
    (r"(\w+) sets position mode (\w+)(?: in (\S+))?", _position_mode),
    (r"(\w+) sets margin mode (\w+)(?: for (\w+))?(?: in (\S+))?", _margin_mode),
    (r"sample premium(?: of (\S+))?", _premium),
    (r"fee tier (-?\d+) pays maker (\S+) taker (\S+)(?: in (\S+))?", _fee_tier),
    (r"(\w+) gets fee tier (-?\d+)", _assign),
)
