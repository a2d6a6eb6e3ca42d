"""One contestant, one stream, once, in a process of its own; one line of JSON at the end.

Knows how to time a step of eight integers; knows no engine.  Standard library only: it runs under
the interpreter that the contestant needs.  Started by `contest.py`.
"""

import argparse
import gc
import importlib
import json
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = "bench.matching.adapters"
CHUNK_ROWS: Final = 1_000
TOTALS: Final = ("trades", "volume", "notional", "resting", "best_bid", "best_ask")


def load_adapter(name: str, peers: Path | None) -> Any:
    """Our adapter of this name or, given their folder, that of the peers."""
    if peers is None:
        return importlib.import_module(f"{OURS}.{name}").Adapter()
    sys.path.insert(0, str(peers))
    return importlib.import_module(f"adapters.{name}").Adapter()


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """What of the contestant is installed."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "?"
    return found


def timed(adapter: Any, stream: Any, budget_s: float) -> dict[str, Any]:
    """Commands and seconds of processor time, until the rows or the budget run out."""
    adapter.setup(1, stream.largest_id, False)
    rows = stream.rows
    if hasattr(adapter, "prepare"):
        adapter.prepare(stream.prefill, rows)
    step = adapter.step()
    for row in stream.prefill:
        step(*row)
    gc.collect()
    gc.freeze()
    done, spent = 0, 0.0
    while done < len(rows) and spent < budget_s:
        chunk = rows[done : done + CHUNK_ROWS]
        begin = time.process_time()
        for row in chunk:
            step(*row)
        spent += time.process_time() - begin
        done += len(chunk)
    return {"commands": done, "cpuSeconds": spent}


def verified(adapter: Any, stream: Any) -> dict[str, Any]:
    """Whether the contestant ends where the plain book ends, in all that it shows."""
    from bench.matching.streams import totals_of

    adapter.setup(1, stream.largest_id, True)
    rows = [*stream.prefill, *stream.rows]
    if hasattr(adapter, "prepare"):
        adapter.prepare(stream.prefill, stream.rows)
    step = adapter.step()
    for row in rows:
        step(*row)
    wanted = totals_of(rows)._asdict()
    shown = adapter.results()
    differs = {
        name: [value if value is None else float(value), wanted[name]]
        for name, value in shown.items()
        if value is None or float(value) != wanted[name]
    }
    return {"compared": [name for name in TOTALS if name in shown], "differs": differs}


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("adapter")
    parser.add_argument("stream", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--budget", type=float, default=4.0)
    parser.add_argument("--cpu", type=int)
    chosen = parser.parse_args()
    if chosen.cpu is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {chosen.cpu})
    sys.path.append(str(ROOT))
    from bench.matching.streams import read_stream

    stream = read_stream(chosen.stream)
    adapter = load_adapter(chosen.adapter, chosen.peers)
    report: dict[str, Any] = {
        "core": adapter.native,
        "covers": adapter.covers,
        "notes": adapter.notes,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": versions(adapter.package),
    }
    gc.collect()
    gc.freeze()  # the rows must not weigh on the collector
    report |= verified(adapter, stream) if chosen.verify else timed(adapter, stream, chosen.budget)
    adapter.close()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
