"""A market with funding, and time that passes in it."""

from typing import Final

from engine.commands import ListInstrument
from gateway.pricing.premium_sampler import MINUTE_NS, PremiumSampler
from tests.gateway.cross_markets import cross_market
from tests.gateway.house import House, until

HOUR_NS: Final = 60 * MINUTE_NS
HOUR_MS: Final = 3_600_000
FUNDED: Final = "BTC-PERP/USDT"
PATH: Final = "BTC-PERP-USDT"


async def open_funded(house: House, **changes: object) -> None:
    """BTC-PERP/USDT, quote-driven, isolated, funded each hour; now is one minute past an hour."""
    house.now_ns = (house.now_ns // HOUR_NS + 1) * HOUR_NS + MINUTE_NS
    usual = {"funding_interval_ns": HOUR_NS, "margin_mode": 1}
    await house.enter(ListInstrument(cross_market("BTC", **(usual | changes))))


async def quote(house: House, bid: str, ask: str, mid: str) -> None:
    """Prices of the funded market: mark, index and last are `mid`."""
    body = {"symbol": FUNDED, "bid": bid, "ask": ask, "last": mid, "mark": mid, "index": mid}
    reply = await house.admin.post("/admin/prices", body)
    assert reply.status == 200, reply


async def sample(house: House, sampler: PremiumSampler) -> None:
    """The next full minute, and its sample."""
    house.now_ns = (house.now_ns // MINUTE_NS + 1) * MINUTE_NS
    before = sum(house.venue.funding.values()) + sum(house.venue.skipped_samples.values())
    await sampler.look()
    funding, skipped = house.venue.funding, house.venue.skipped_samples
    await until(lambda: sum(funding.values()) + sum(skipped.values()) > before)


async def stamp(house: House) -> None:
    """Time passes until the next stamp is settled, by the next command that comes."""
    house.now_ns = (house.now_ns // HOUR_NS + 1) * HOUR_NS
    await house.price("20000")  # another market's
