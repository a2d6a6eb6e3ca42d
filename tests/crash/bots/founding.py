"""A venue of its own for a story: markets, users, money, preferences.  Knows both listeners."""

import asyncio
from typing import Final

from tests.crash.bots.finance import FinanceSightings
from tests.crash.bots.markets import ARENAS, ASSETS, SYMBOLS, Arena, open_markets
from tests.crash.bots.operator import TIERS, Operator
from tests.crash.bots.preferences import (
    MAKER_LEVERAGE,
    Preferences,
    is_thin,
    preferences,
    tell_preferences,
)
from tests.crash.lines import HttpClient
from tests.crash.process import Started
from tests.crash.traders import E8

MAKER_ATOMS: Final = 100_000_000 * E8
RICH_ATOMS: Final = 100_000 * E8
THIN_ATOMS: Final = 150 * E8
TOGETHER: Final = 10


def maker_of(arena: Arena) -> str:
    """Who quotes in the market with a book."""
    return f"maker-{arena.asset}"


def wishes(bots: int) -> dict[str, Preferences]:
    """All users, and how they keep their positions."""
    found = {maker_of(arena): Preferences(MAKER_LEVERAGE, {}, {}) for arena in ARENAS}
    for number in range(bots):
        found[f"bot-{number}"] = preferences(number)
    return found


async def found_venue(
    started: Started, admin_token: str, bots: int, operator: Operator, finance: FinanceSightings
) -> dict[str, str]:
    """Fill an empty venue; returns each user's token.  Raises Disconnected."""
    admin = HttpClient(admin_token)
    await admin.open(started.admin)
    await open_markets(admin)
    await admin.close()
    await operator.open(started.admin, admin_token)
    for tier in range(1, TIERS + 1):
        for symbol in SYMBOLS:
            await operator.set_tier(symbol, tier)
    users = wishes(bots)
    tokens = dict[str, str]()
    for user in users:
        tokens[user] = await operator.teller.admit(user)
        for asset in ASSETS:
            await operator.teller.move(user, _atoms(user), asset)
    await operator.close()

    async def tell(user: str) -> None:
        client = HttpClient(tokens[user])
        await client.open(started.public)
        await tell_preferences(users[user], user, client, finance)
        await client.close()

    names = list(users)
    for first in range(0, len(names), TOGETHER):
        await asyncio.gather(*(tell(user) for user in names[first : first + TOGETHER]))
    return tokens


def _atoms(user: str) -> int:
    """What a user has of each asset at first."""
    kind, _, number = user.partition("-")
    if kind == "maker":
        return MAKER_ATOMS
    return THIN_ATOMS if is_thin(int(number)) else RICH_ATOMS
