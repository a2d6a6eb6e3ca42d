"""What all runs so far came to, in one file.  Knows sums and seeds; knows no job."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import TypedDict


class JobTotals(TypedDict):
    """One job's row; seeds below `next_seed` were given out, whether or not they finished."""

    next_seed: int
    shards: int
    seconds: float
    counters: dict[str, int]
    failures: dict[str, str]


class Totals:
    """The sums of every run, written down after each shard, so that a stopped run loses one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.jobs: dict[str, JobTotals] = {}
        if path.exists():
            self.jobs = json.loads(path.read_text())

    def job(self, name: str) -> JobTotals:
        """The row of a job, empty at first."""
        empty = JobTotals(next_seed=1, shards=0, seconds=0.0, counters={}, failures={})
        return self.jobs.setdefault(name, empty)

    def take_seed(self, name: str) -> int:
        """A seed that this job never had; noted before it is used."""
        job = self.job(name)
        job["next_seed"] += 1
        self.save()
        return job["next_seed"] - 1

    def add(self, name: str, seconds: float, counters: dict[str, int]) -> None:
        """One finished shard."""
        job = self.job(name)
        job["shards"] += 1
        job["seconds"] += seconds
        job["counters"] = dict(Counter(job["counters"]) + Counter(counters))
        self.save()

    def fail(self, name: str, seed: int, seconds: float, story: str) -> None:
        """One shard that found something; its seed is kept until the file is removed."""
        job = self.job(name)
        job["seconds"] += seconds
        job["failures"][str(seed)] = story
        self.save()

    def save(self) -> None:
        """Replaces the file as a whole: half a file would lose every earlier run."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(self.jobs, indent=2, sort_keys=True) + "\n")
        os.replace(beside, self.path)

    def lines(self) -> list[str]:
        """The totals as people read them."""
        lines = []
        for name, job in sorted(self.jobs.items()):
            lines.append(f"{name}: {job['shards']:,} shards, {job['seconds']:,.0f} s of work")
            lines += [f"  {counter}: {n:,}" for counter, n in sorted(job["counters"].items())]
            lines += [f"  FAILED with seed {seed}" for seed in sorted(job["failures"], key=int)]
        return lines
