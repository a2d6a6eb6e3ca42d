"""Four markets, two of each settlement asset, and how they are listed.  Knows the admin API."""

from decimal import Decimal
from typing import Final, NamedTuple

from tests.crash.lines import Body, HttpClient


class Arena(NamedTuple):
    """Two markets of one base, whose prices move together.

    quoted: the house trades at the feed's bid and ask.  booked: users trade with each other.
    has_tickets: whether each order at the house is a position of its own.
    """

    asset: str
    quoted: str
    booked: str
    has_tickets: bool


TICKETS: Final = Arena("USDT", "BTC/USDT", "BTC-PERP/USDT", has_tickets=True)
LEGS: Final = Arena("USDC", "ETH/USDC", "ETH-PERP/USDC", has_tickets=False)
ARENAS: Final = (TICKETS, LEGS)
ASSETS: Final = tuple(arena.asset for arena in ARENAS)
SYMBOLS: Final = tuple(symbol for arena in ARENAS for symbol in (arena.quoted, arena.booked))
# What an account's positions in a market are keyed by, unless it chooses otherwise.
MODES: Final = {
    TICKETS.quoted: "TICKET",
    TICKETS.booked: "NETTING",
    LEGS.quoted: "HEDGING",
    LEGS.booked: "HEDGING",
}
TICK: Final = {symbol: Decimal("0.1" if symbol == TICKETS.booked else "0.01") for symbol in SYMBOLS}
# A unit of every market is worth much the same: some 65.
UNIT: Final = {symbol: Decimal("0.001" if symbol[:3] == "BTC" else "0.02") for symbol in SYMBOLS}
# The rate is a hundred times a usual one, and due every minute: thin margins cannot pay it long.
FUNDING: Final[Body] = {
    "fundingIntervalMs": 60_000,
    "fundingInterest": "0.002",
    "fundingClamp": "0.004",
    "fundingCap": "0.01",
    "impactNotional": "2000",
}
LISTINGS: Final[tuple[Body, ...]] = (
    {"symbol": TICKETS.quoted, "profile": "simple", "tickSize": "0.01", "lotSize": "0.000001"},
    {
        "symbol": TICKETS.booked,
        "profile": "perpetual",
        "tickSize": "0.1",
        "lotSize": "0.001",
        "market": "ORDER_DRIVEN",
        "marginMode": "ISOLATED",
        "makerFee": "-0.00005",
        **FUNDING,
    },
    {
        "symbol": LEGS.quoted,
        "profile": "perpetual",
        "tickSize": "0.01",
        "lotSize": "0.01",
        "positionMode": "HEDGING",
        **FUNDING,
    },
    {
        "symbol": LEGS.booked,
        "profile": "perpetual",
        "tickSize": "0.01",
        "lotSize": "0.01",
        "market": "ORDER_DRIVEN",
        "positionMode": "HEDGING",
        **FUNDING,
    },
)


async def open_markets(admin: HttpClient) -> None:
    """List all and fund the insurance.  Raises Disconnected."""
    for listing in LISTINGS:
        answer = await admin.ask("POST", "/admin/instruments", listing)
        assert not answer.is_refusal, answer.body
    for asset in ASSETS:
        payment: Body = {"asset": asset, "amount": "1000", "transferId": f"insurance-{asset}"}
        answer = await admin.ask("POST", "/admin/insurance", payment)
        assert not answer.is_refusal, answer.body


def priced(symbol: str, middle: str, side: str, below: float) -> str:
    """A price on the grid, this share below the middle for a buyer, above for a seller."""
    share = Decimal(str(round(-below if side == "BUY" else below, 6)))
    raw = Decimal(middle) * (1 + share)
    return str((raw // TICK[symbol]) * TICK[symbol])


def distance(symbol: str, middle: str, share: float) -> str:
    """A share of the middle on the grid: how far a trailing stop follows."""
    ticks = Decimal(middle) * Decimal(str(round(share, 6))) // TICK[symbol]
    return str(max(Decimal(1), ticks) * TICK[symbol])


def quantity(symbol: str, units: int) -> str:
    """So many units of the market."""
    return str(units * UNIT[symbol])
