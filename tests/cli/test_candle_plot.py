"""The plot is a PNG of the size it should be."""

import struct
from pathlib import Path

import pytest

from gateway.replay.candle_plot import write_candle_plot
from tests.cli.candles import house_run


@pytest.mark.slow
def test_a_plot_is_a_png(tmp_path: Path) -> None:
    path = tmp_path / "run.png"

    write_candle_plot(house_run(), path)

    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (1_200, 1_300)
