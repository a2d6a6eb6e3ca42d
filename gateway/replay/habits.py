"""How synthetic traders behave, as data.  Knows shares and ranges; knows no engine."""

from enum import IntEnum
from random import Random
from typing import Final, NamedTuple


class Action(IntEnum):
    """What a trader may do when its turn comes."""

    OPEN = 1
    CLOSE = 2
    CHANGE_EXITS = 3
    MOVE_MARGIN = 4
    CANCEL = 5
    AMEND = 6
    CANCEL_ALL = 7
    SET_LEVERAGE = 8
    WITHDRAW = 9
    ERR = 10  # asks for something that must be refused


class Habit(NamedTuple):
    """A kind of trader.  Ranges are (from, below).

    perpetual_percent: how often it looks at the perpetual market.
    stubborn_percent: how often an opening order goes the way it believes in.
    chases: buys only near the highest price it has seen, and sells only near the lowest.
    leverage, stake_percent: of an opening order; the stake is a share of the free balance.
    exits_percent: how many opening orders carry a stop loss, take profit or auto-close.
    trails_percent: how many changes of exits set a trailing stop.
    wait_ms: between two turns.
    deposit_units: whole units of the settlement asset to begin with.
    reloads: how often it deposits again once it is broke.
    weights: of each Action, in the order of the enum.
    """

    name: str
    perpetual_percent: int
    stubborn_percent: int
    chases: bool
    leverage: tuple[int, int]
    stake_percent: tuple[int, int]
    exits_percent: int
    trails_percent: int
    wait_ms: tuple[int, int]
    deposit_units: tuple[int, int]
    reloads: int
    weights: tuple[int, ...]


CAREFUL: Final = Habit(
    name="careful",
    perpetual_percent=30,
    stubborn_percent=50,
    chases=False,
    leverage=(1, 11),
    stake_percent=(5, 20),
    exits_percent=70,
    trails_percent=0,
    wait_ms=(20_000, 200_000),
    deposit_units=(2_000, 20_000),
    reloads=0,
    weights=(35, 25, 10, 6, 10, 6, 2, 2, 2, 2),
)
ACTIVE: Final = Habit(
    name="active",
    perpetual_percent=50,
    stubborn_percent=60,
    chases=False,
    leverage=(5, 51),
    stake_percent=(5, 30),
    exits_percent=50,
    trails_percent=0,
    wait_ms=(5_000, 90_000),
    deposit_units=(1_000, 10_000),
    reloads=1,
    weights=(42, 25, 7, 4, 10, 5, 2, 2, 1, 2),
)
RECKLESS: Final = Habit(
    name="reckless",
    perpetual_percent=85,
    stubborn_percent=100,
    chases=True,
    leverage=(97, 101),
    stake_percent=(70, 94),
    exits_percent=8,
    trails_percent=0,
    wait_ms=(20_000, 200_000),
    deposit_units=(200, 2_500),
    reloads=4,
    weights=(80, 2, 2, 2, 5, 3, 1, 2, 0, 3),
)

# One in three of each; a list to draw from by index.
HABITS: Final = (CAREFUL, ACTIVE, RECKLESS)

# Of replays of candles, where the second market is another asset and a replay lasts for days: they
# look at it now and then, and hold on to what they have.
HOLDER: Final = Habit(
    name="holder",
    perpetual_percent=50,
    stubborn_percent=90,
    chases=False,
    leverage=(2, 11),
    stake_percent=(15, 50),
    exits_percent=20,
    trails_percent=50,
    wait_ms=(600_000, 14_400_000),
    deposit_units=(2_000, 20_000),
    reloads=0,
    weights=(45, 8, 8, 10, 6, 4, 1, 6, 2, 1),
)
SWINGER: Final = Habit(
    name="swinger",
    perpetual_percent=50,
    stubborn_percent=70,
    chases=False,
    leverage=(5, 31),
    stake_percent=(15, 60),
    exits_percent=35,
    trails_percent=50,
    wait_ms=(600_000, 10_800_000),
    deposit_units=(1_000, 10_000),
    reloads=1,
    weights=(45, 15, 8, 8, 6, 6, 2, 5, 2, 2),
)
GAMBLER: Final = Habit(
    name="gambler",
    perpetual_percent=0,
    stubborn_percent=100,
    chases=True,
    leverage=(25, 101),
    stake_percent=(40, 90),
    exits_percent=10,
    trails_percent=50,
    wait_ms=(600_000, 7_200_000),
    deposit_units=(200, 2_500),
    reloads=3,
    weights=(75, 5, 3, 5, 4, 3, 1, 2, 0, 2),
)
CANDLE_HABITS: Final = (HOLDER, SWINGER, GAMBLER)

_ACTIONS: Final = tuple(Action)


def draw_action(rng: Random, habit: Habit) -> Action:
    """An action, as often as the habit says."""
    place = rng.randrange(sum(habit.weights))
    for action, weight in zip(_ACTIONS, habit.weights, strict=True):
        place -= weight
        if place < 0:
            return action
    raise AssertionError("the place was drawn below the sum of the weights")


def draw(rng: Random, from_below: tuple[int, int]) -> int:
    """A whole number of a range."""
    return rng.randrange(*from_below)


def chance(rng: Random, percent: int) -> bool:
    """True that often."""
    return rng.randrange(100) < percent
