"""The account's balances and settings, asked for by symbol or not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.cross_markets import ETH, open_cross
from tests.gateway.house import House
from tests.gateway.test_account_settings import setting

TICKETS = {
    "symbol": "BTC/USDT",
    "positionMode": "TICKET",
    "positionSide": None,
    "marginMode": "ISOLATED",
    "leverage": None,
    "feeTier": 0,
    "makerFee": "0.0004",
    "takerFee": "0.0004",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue with two markets in cross margin."""
    async with House(tmp_path / "data") as running:
        await open_cross(running)
        yield running


async def test_the_settings_nobody_changed_are_those_of_the_markets(house: House) -> None:
    alice = await house.user("alice")

    reply = await alice.get("/api/account/settings")
    unknown = await alice.get("/api/account/settings?symbol=XXX-USDT")

    assert reply.body == {
        "settings": [
            TICKETS,
            setting("NETTING", None, "CROSS", 1),
            setting("NETTING", None, "CROSS", 1, ETH),
        ],
        "sequence": house.venue.state.sequence,
    }
    assert (unknown.status, unknown.code) == (422, "UNKNOWN_SYMBOL")


async def test_a_symbol_is_written_with_a_slash_or_a_dash(house: House) -> None:
    alice = await house.user("alice")

    slash = await alice.get("/api/account/settings?symbol=ETH-PERP/USDT")
    dash = await alice.get("/api/account/settings?symbol=ETH-PERP-USDT")
    other = await alice.get("/api/account/settings?market=ETH-PERP-USDT")

    assert slash.body["settings"] == [setting("NETTING", None, "CROSS", 1, ETH)]
    assert dash.body == slash.body
    assert (other.status, other.code) == (400, "UNKNOWN_FIELD")


async def test_the_account_of_an_isolated_order(house: House) -> None:
    await house.price("20000")
    alice = await house.user("alice", "1000")
    await alice.order(amount="1000")
    sequence = house.venue.state.sequence

    account = await alice.get("/api/account")
    assert account.body == {
        "userId": "alice",
        "balances": [
            {
                "asset": "USDT",
                "available": "0",
                "withdrawable": "0",
                "locked": "999.6",
                "held": "0",
                "margin": "999.6",
                "crossInitialMargin": "0",
                "crossMaintenanceMargin": "0",
                "crossEquity": "0",
                "unrealizedPnl": "0",
                "equity": "999.6",
                "marginRatio": "0",
            }
        ],
        "sequence": sequence,
    }
