"""The fixture of a running venue."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue with BTC/USDT at 20,000."""
    async with House(tmp_path / "data") as running:
        await running.price("20000")
        yield running
