"""Figures in the Prometheus format, read back by its own parser."""

from prometheus_client.parser import text_string_to_metric_families

from tests.gateway.house import House


async def figures(house: House) -> dict[str, float]:
    async with house.session.get(house.url + "/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await reply.text()
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_happens_is_counted(house: House) -> None:
    alice = await house.user("alice")
    await alice.order(amount="1")
    await alice.order(amount="5000")
    await alice.order(amount=5)
    await house.admin.post("/admin/prices", {"symbol": "BTC/USDT", "bid": "30000"})

    shown = await figures(house)

    assert shown["fulcrum_sequence"] == house.venue.state.sequence
    assert shown["fulcrum_commands_total"] == house.venue.state.sequence
    assert shown["fulcrum_syncs_total"] == house.writer.syncs
    assert shown["fulcrum_batches_total"] == house.writer.commits
    assert shown["fulcrum_refusals_total[INSUFFICIENT_BALANCE]"] == 1
    assert shown["fulcrum_refusals_total[BAD_NUMBER]"] == 1
    assert shown["fulcrum_price_refusals_total[BAD_PRICE]"] == 1
    assert shown["fulcrum_open_positions"] == 1
    assert shown["fulcrum_queue_length"] == 0
    assert not any(
        "alice" in name or "balance" in name.lower() for name in shown if "[" not in name
    )
