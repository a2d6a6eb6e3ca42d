"""The plot is a PNG of the size it should be, and asks for matplotlib by name."""

import struct
import sys
from pathlib import Path

import pytest

from gateway.replay.plot import PlotMissing, write_plot
from tests.cli.running import small_run


def test_a_plot_is_a_png(tmp_path: Path) -> None:
    path = tmp_path / "run.png"

    write_plot(small_run(users=10, rows=200), path)

    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (1_210, 1_100)


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(PlotMissing, match=r"pip install 'fulcrum\[plot\]'"):
        write_plot(small_run(users=1, rows=2), tmp_path / "run.png")

    assert not (tmp_path / "run.png").exists()
