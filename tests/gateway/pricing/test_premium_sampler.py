"""Premiums are sampled once a minute, where that makes sense, and what keeps one is counted."""

import asyncio
from collections import Counter

from engine.commands import SamplePremium, SetInstrumentStatus
from engine.instrument import InstrumentStatus
from gateway.pricing.premium_sampler import MINUTE_NS, PremiumSampler, reason_against
from tests.gateway.funded_market import open_funded, quote, sample
from tests.gateway.house import House, until
from tests.gateway.test_metrics import figures


async def test_each_full_minute_has_one_sample(house: House) -> None:
    await open_funded(house)
    await quote(house, "20010", "20020", "20000")
    sampler = PremiumSampler(house.venue)
    before = house.venue.state.sequence

    await sampler.look()  # the minute has begun without it
    assert house.venue.state.sequence == before
    await sample(house, sampler)
    await sampler.look()
    await sample(house, sampler)
    house.now_ns += 10 * MINUTE_NS  # a machine that slept: once, not ten times
    await sample(house, sampler)

    market = house.venue.state.markets[2]
    assert market is not None
    assert (market.premium_count, market.premium_sum_e8) == (3, 3 * 50_000)
    assert house.venue.state.sequence == before + 3
    shown = await figures(house)
    assert shown["fulcrum_premium_samples_total"] == 3
    # 0.05 % of premium, less what the clamp of 0.05 % takes towards the interest of 0.01 %
    assert shown["fulcrum_funding_rate[BTC-PERP/USDT]"] == 0.0001


async def test_what_keeps_a_sample_is_counted_and_spares_the_journal(house: House) -> None:
    await open_funded(house, stale_after_ns=90_000_000_000)
    sampler = PremiumSampler(house.venue)
    halt, trade = InstrumentStatus.HALTED, InstrumentStatus.TRADING
    before = house.venue.state.sequence
    await sample(house, sampler)
    await quote(house, "20010", "20020", "20000")
    house.now_ns += 2 * MINUTE_NS
    await sample(house, sampler)
    assert house.venue.state.sequence == before + 1
    market = house.venue.state.markets[2]
    assert market is not None
    await house.enter(SetInstrumentStatus(market.instrument_id, halt))
    await sample(house, sampler)
    await house.enter(SetInstrumentStatus(market.instrument_id, trade))

    skipped = {"MARKET_NOT_READY": 1, "STALE_PRICE": 1, "HALTED": 1}
    assert house.venue.skipped_samples == Counter(skipped)
    shown = await figures(house)
    assert {name: shown[f"fulcrum_premium_samples_skipped_total[{name}]"] for name in skipped} == (
        skipped
    )
    assert market.premium_count == 0


async def test_the_engine_refuses_what_the_sampler_would_spare_it(house: House) -> None:
    """The reasons are the engine's own (FUN-2); a refusal that comes all the same is harmless."""
    await open_funded(house, stale_after_ns=90_000_000_000)
    market = house.venue.state.markets[2]
    assert market is not None
    told = []
    for step in range(4):
        if step == 1:
            await quote(house, "20010", "20020", "20000")
        elif step == 2:
            house.now_ns += 2 * MINUTE_NS
        elif step == 3:
            await house.enter(SetInstrumentStatus(market.instrument_id, InstrumentStatus.HALTED))
        reason = reason_against(market, house.now_ns)
        sampler, command = PremiumSampler(house.venue), SamplePremium(market.instrument_id)
        refused = await house.venue.sequencer.submit(
            command, lambda _sequence, _time, events: getattr(events[0], "reason", None)
        )
        told.append((reason.name, getattr(refused, "name", "NONE")))
        del sampler
    assert told == [
        ("MARKET_NOT_READY", "MARKET_NOT_READY"),
        ("NONE", "NONE"),
        ("STALE_PRICE", "STALE_PRICE"),
        ("HALTED", "HALTED"),
    ]


async def test_a_stopping_venue_ends_no_sampler(house: House) -> None:
    await open_funded(house)
    await quote(house, "20010", "20020", "20000")
    sampler = PremiumSampler(house.venue)
    house.venue.sequencer.stop()
    house.now_ns += MINUTE_NS

    await sampler.look()

    assert house.venue.skipped_samples == Counter({"STOPPING": 1})


async def test_it_sleeps_until_the_minute_is_full(house: House) -> None:
    await open_funded(house)
    house.now_ns += 57_500_000_000
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        house.now_ns += int(seconds * 1e9)
        await asyncio.sleep(0)

    running = asyncio.create_task(PremiumSampler(house.venue, sleep).run())
    await until(lambda: house.venue.skipped_samples.total() >= 1)
    running.cancel()

    assert slept[:2] == [2.5, 5.0]
