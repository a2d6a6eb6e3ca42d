"""Replays a recording of an exchange through an order-driven market, checking everything.

    python -m tests.order_flow --file ../shared/data/ws/binance_usdm_btcusdt_20240808.jsonl.gz

Prints what it came to; an AssertionError is a finding.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.order_flow.files import CHECK_EVERY, replayed_twice, shown


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.order_flow")
    parser.add_argument("--file", type=Path, required=True, help="a recorded .jsonl.gz")
    parser.add_argument("--seed", type=int, default=1, help="which taker makes which trade")
    parser.add_argument("--lines", type=int, default=None, help="read no more of the file")
    parser.add_argument("--check-every", type=int, default=CHECK_EVERY, help="commands")
    given = parser.parse_args(arguments)
    started_s = time.perf_counter()
    outcome = replayed_twice(given.file, given.seed, given.lines, given.check_every)
    for name in shown(outcome.counts):
        print(f"{name:<50}{outcome.counts[name]:>14,}")
    print(f"event chain, twice: {outcome.chain}")
    print(f"{time.perf_counter() - started_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
