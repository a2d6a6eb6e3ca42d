"""Two markets of one asset side by side, and how they are opened.  Knows the admin listener."""

from decimal import Decimal
from typing import Final

from tests.crash.lines import Body, HttpClient

QUOTED: Final = "BTC/USDT"  # the house trades at the feed's bid and ask
BOOKED: Final = "BTC-PERP/USDT"  # users trade with each other
SYMBOLS: Final = (QUOTED, BOOKED)
TICK: Final = {QUOTED: Decimal("0.01"), BOOKED: Decimal("0.1")}
LISTINGS: Final[tuple[Body, ...]] = (
    {"symbol": QUOTED, "profile": "simple", "tickSize": "0.01", "lotSize": "0.000001"},
    {
        "symbol": BOOKED,
        "profile": "perpetual",
        "tickSize": "0.1",
        "lotSize": "0.001",
        "market": "ORDER_DRIVEN",
        "marginMode": "ISOLATED",
        "makerFee": "-0.00005",
    },
)


async def open_markets(admin: HttpClient) -> None:
    """List both and fund the insurance.  Raises Disconnected."""
    for listing in LISTINGS:
        answer = await admin.ask("POST", "/admin/instruments", listing)
        assert not answer.is_refusal, answer.body
    payment: Body = {"asset": "USDT", "amount": "1000", "transferId": "insurance"}
    answer = await admin.ask("POST", "/admin/insurance", payment)
    assert not answer.is_refusal, answer.body


def priced(symbol: str, middle: str, side: str, below: float) -> str:
    """A price on the grid, this share below the middle for a buyer, above for a seller."""
    share = Decimal(str(round(-below if side == "BUY" else below, 6)))
    raw = Decimal(middle) * (1 + share)
    return str((raw // TICK[symbol]) * TICK[symbol])
