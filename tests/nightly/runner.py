"""Runs the long jobs until a budget of time is spent.  `make nightly BUDGET=60m` calls it.

Shards are dealt to the job that had the least time so far, over all runs; totals are kept in
`nightly/totals.json`, so a run can be stopped at any moment and goes on where it was.  A job that
cannot begin says why and is dealt nothing more in this run.
"""

import argparse
import re
import time
import traceback
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Final, NamedTuple

from tests.nightly.job import Skipped
from tests.nightly.jobs import JOBS, ROOT
from tests.nightly.scarce import JOB, is_judged, scarce, scarce_lines
from tests.nightly.totals import Totals

SECONDS_PER_UNIT: Final = {"s": 1, "m": 60, "h": 3600}
SHARD_SECONDS: Final = 120.0


class Shard(NamedTuple):
    """One job with one seed, and how it ended.

    story: what was found; empty if nothing was.  skipped: why it did not begin; empty if it did.
    """

    job: str
    seed: int
    seconds: float
    counters: dict[str, int]
    story: str
    skipped: str = ""


def shard_seconds(job: str, left_seconds: float) -> float:
    """The budget of a job's next shard; one that cannot be cut short gets what it needs."""
    return min(max(SHARD_SECONDS, JOBS[job].seconds_min), left_seconds)


def run_shard(job: str, seed: int, budget_seconds: float) -> Shard:
    """Runs in a process of its own; whatever the job raises becomes the shard's story."""
    started = time.monotonic()
    counters: dict[str, int] = {}
    story = skipped = ""
    needed_s = JOBS[job].seconds_min
    try:
        if budget_seconds < needed_s:
            raise Skipped(f"{needed_s:.0f} s are needed, {budget_seconds:.0f} s are left")
        counters = JOBS[job].run(seed, budget_seconds)
    except Skipped as reason:
        skipped = str(reason)
    except Exception:  # noqa: BLE001  # A finding of any kind is kept with its seed.
        story = traceback.format_exc()
    return Shard(job, seed, time.monotonic() - started, counters, story, skipped)


def record(shard: Shard, totals: Totals) -> None:
    """Adds a shard to the totals and says so in one line; what was skipped is no shard."""
    if shard.skipped:
        print(f"skipped: {shard.job}: {shard.skipped}", flush=True)
        return
    if shard.story:
        totals.fail(shard.job, shard.seed, shard.seconds, shard.story)
        print(f"FAILED {shard.job} seed {shard.seed}\n{shard.story}", flush=True)
        print(f"again: python -m tests.nightly --job {shard.job} --seed {shard.seed}", flush=True)
        return
    totals.add(shard.job, shard.seconds, shard.counters)
    counted = ", ".join(f"{name} {n:,}" for name, n in sorted(shard.counters.items()))
    print(f"{shard.job} seed {shard.seed}: {shard.seconds:.0f} s, {counted}", flush=True)


def run_all(names: list[str], budget_seconds: float, workers: int, totals: Totals) -> bool:
    """Deals shards until the budget is spent; whether there were any, and all of them clean."""
    deadline = time.monotonic() + budget_seconds
    dealt_seconds = {name: totals.job(name)["seconds"] for name in names}
    running: set[Future[Shard]] = set()
    ran, clean = False, True
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        while True:
            left = deadline - time.monotonic()
            while left > 0 and dealt_seconds and len(running) < workers:
                name = min(dealt_seconds, key=dealt_seconds.__getitem__)
                seconds = shard_seconds(name, left)
                dealt_seconds[name] += seconds
                running.add(pool.submit(run_shard, name, totals.take_seed(name), seconds))
            if not running:
                return ran and clean
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                shard = future.result()
                record(shard, totals)
                if shard.skipped:
                    dealt_seconds.pop(shard.job, None)
                else:
                    ran, clean = True, clean and not shard.story


def seconds_of(text: str) -> float:
    """Seconds of a budget such as 90s, 60m or 8h."""
    matched = re.fullmatch(r"(\d{1,6})([smh])", text)
    if matched is None:
        raise argparse.ArgumentTypeError("a number and a unit, such as 90s, 60m or 8h")
    return float(matched[1]) * SECONDS_PER_UNIT[matched[2]]


def main(arguments: list[str]) -> int:
    """Exit status: 0 clean, 1 if a job found something, if every job was skipped, or if the
    oracle's lives miss a rule."""
    parser = argparse.ArgumentParser(prog="python -m tests.nightly")
    parser.add_argument("--budget", type=seconds_of, default=seconds_of("60m"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--job", choices=sorted(JOBS), help="this job alone")
    parser.add_argument("--seed", type=int, help="with --job: one shard, totals untouched")
    options = parser.parse_args(arguments)
    if options.job and options.seed is not None:
        seconds = shard_seconds(options.job, options.budget)
        shard = run_shard(options.job, options.seed, seconds)
        skipped = f"skipped: {shard.job}: {shard.skipped}" if shard.skipped else ""
        print(shard.story or skipped or shard.counters)
        return 1 if shard.story or shard.skipped else 0
    totals = Totals(ROOT / "nightly" / "totals.json")
    names = [options.job] if options.job else sorted(JOBS)
    clean = run_all(names, options.budget, options.workers, totals)
    print("totals of all runs", *totals.lines(), *scarce_lines(totals), sep="\n")
    missed = JOB in names and is_judged(totals) and bool(scarce(totals))
    return 0 if clean and not missed else 1
