"""The report says every figure, to people and, as JSON, to programs."""

import io
import json
import re
from pathlib import Path

from rich.console import Console

from gateway.replay.candle_figures import figures
from gateway.replay.candle_report import print_candle_report, write_candle_report
from tests.cli.candles import house_run


def test_the_report_has_every_figure_and_a_row_for_every_hour() -> None:
    outcome = house_run()
    out = io.StringIO()

    print_candle_report(Console(file=out, width=140), outcome, seconds=2.0)

    text = out.getvalue()
    printed = set(re.findall(r"^ +(\S.*?)  +(\S.*?) *$", text, flags=re.MULTILINE))
    for section in figures(outcome).values():
        for name, value in section.items():
            shown = f"{value:,}" if isinstance(value, int) else value
            assert name == "prices" or (name.strip(), shown) in printed
    assert ("commands per second", f"{round(outcome.state.sequence / 2):,}") in printed
    hours = re.findall(r"^ (2024-01-01 \d\d:\d\d) ", text, flags=re.MULTILINE)
    assert hours == [*(f"2024-01-01 {hour:02}:00" for hour in range(4, 11)), "2024-01-01 10:39"]


def test_the_json_report_differs_in_speed_alone(tmp_path: Path) -> None:
    outcome = house_run()

    write_candle_report(outcome, 2.0, tmp_path / "one.json")
    write_candle_report(outcome, 4.0, tmp_path / "two.json")

    one, two = (json.loads((tmp_path / name).read_text()) for name in ("one.json", "two.json"))
    commands = outcome.state.sequence
    assert one.pop("speed") == {"seconds": 2.0, "commands per second": round(commands / 2)}
    assert two.pop("speed") == {"seconds": 4.0, "commands per second": round(commands / 4)}
    assert one == two
    assert (one["ledger sum"], one["state hash"]) == (0, outcome.state_hash)
    assert {name: one[name] for name in figures(outcome)} == figures(outcome)
    assert len(one["rows"]) == len(outcome.rows)
    first = one["rows"][0]
    assert (first["time"], first["BTC mark"]) == ("2024-01-01 04:00:00.000 UTC", "42000")
    assert first["insurance"] == "2,000.00000000"
