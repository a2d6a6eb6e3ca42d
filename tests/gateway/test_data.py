"""A data directory opened again: from a snapshot and the journal, or the journal alone."""

from pathlib import Path

from gateway.history.rows import history_rows
from tests.gateway.house import Client, House


async def test_a_restart_remembers_everything_with_and_without_a_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await house.price("20000")
        alice = await house.user("alice")
        await alice.order(amount="10", clientOrderId="a")
        await alice.order(orderType="LIMIT", price="19000", quantity="0.01", clientOrderId="b")
        await alice.order(amount="100000", clientOrderId="too-much")
        position = (await alice.get("/api/positions")).body["positions"][0]["positionId"]
        await alice.post(f"/api/positions/{position}/close", {})
        seen = await everything(alice)
        rows = history_rows(house.venue.history)
    is_restored = False
    for snapshot_stays in (False, True, False):
        async with House(folder) as house:
            again = Client(house.session, house.url, alice.token)
            assert (house.data.replayed == 0) == is_restored
            assert history_rows(house.venue.history) == rows
            assert await everything(again) == seen
            repeated = await again.order(amount="10", clientOrderId="a")
            assert repeated.headers["Idempotent-Replayed"] == "true"
            rows = history_rows(house.venue.history)
            snapshot = house.data.write_snapshot()
            if not snapshot_stays:
                snapshot.unlink()
        is_restored = snapshot_stays


async def everything(user: Client) -> dict[str, object]:
    """All lists of a user, without the sequence they were read at."""
    found: dict[str, object] = {}
    for path in ("/api/orders", "/api/fills", "/api/positions?status=ALL", "/api/account"):
        body = (await user.get(path)).body
        found[path] = {name: value for name, value in body.items() if name != "sequence"}
    return found


async def test_a_snapshot_without_a_history_is_replayed_from_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await house.price("20000")
        alice = await house.user("alice")
        await alice.order(amount="10")
        rows = history_rows(house.venue.history)
        house.data._store.write(house.venue.state, [])
    async with House(folder) as house:
        assert history_rows(house.venue.history) == rows
        assert house.data.replayed == house.venue.state.sequence
