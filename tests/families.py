"""The families of tests, what each may cost, and what it counted.  Knows reports, not tests."""

from collections import Counter
from typing import Final, NamedTuple

import pytest
from _pytest.terminal import TerminalReporter

COUNT_PREFIX: Final = "count: "


class Family(NamedTuple):
    """Folders below `tests/` that answer one question, and the seconds all workers may spend."""

    name: str
    folders: frozenset[str]
    budget_seconds: int


# Seconds of work, summed over the workers: two of them share a run's wall time.
FAMILIES: Final = (
    Family("oracle", frozenset({"oracle", "order_flow"}), 400),
    Family("durability", frozenset({"wal", "snapshots", "crash", "simulation"}), 300),
    Family("gateway and scenarios", frozenset({"gateway", "feeds", "cli", "scenarios"}), 450),
    Family("unit and architecture", frozenset(), 150),
)


def family_of(node_id: str) -> Family:
    """The family that a test's folder belongs to; the last one takes whatever is left."""
    parts = node_id.split("::")[0].split("/")
    folder = parts[1] if len(parts) > 2 else ""
    for family in FAMILIES:
        if folder in family.folders:
            return family
    return FAMILIES[-1]


class Tally:
    """What the tests of one family came to."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.seconds = 0.0

    def line(self, family: Family) -> str:
        """One row of the table, and a word if the budget is overdrawn."""
        passed, failed, skipped = (self.outcomes[o] for o in ("passed", "failed", "skipped"))
        over = "  OVER BUDGET" if self.seconds > family.budget_seconds else ""
        return (
            f"{family.name:<24}{passed:>7,}{failed:>8,}{skipped:>9,}"
            f"{self.seconds:>10.1f}{family.budget_seconds:>8}{over}"
        )


class FamilyReport:
    """Listens where the results of all workers arrive, and prints one table at the end."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {family.name: Tally() for family in FAMILIES}
        self.counts: Counter[str] = Counter()
        self.skips: Counter[tuple[str, str]] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds one phase (set-up, call, tear-down) of one test."""
        tally = self.tallies[family_of(report.nodeid).name]
        tally.seconds += report.duration
        if report.when == "call" or report.outcome != "passed":
            tally.outcomes[report.outcome] += 1
        if report.outcome == "skipped":
            self.skips[report.nodeid.split("[")[0], skip_reason(report)] += 1
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name.startswith(COUNT_PREFIX):
                    self.counts[name.removeprefix(COUNT_PREFIX)] += int(str(value))

    def lines(self) -> list[str]:
        """The table of families, then what was counted, then what was skipped and why."""
        header = f"{'family':<24}{'passed':>7}{'failed':>8}{'skipped':>9}"
        lines = [f"{header}{'seconds':>10}{'budget':>8}"]
        lines += [self.tallies[family.name].line(family) for family in FAMILIES]
        lines += [f"{name}: {n:,}" for name, n in sorted(self.counts.items())]
        lines += [
            f"skipped {n:,}: {node_id}: {reason}"
            for (node_id, reason), n in sorted(self.skips.items())
        ]
        return lines

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Prints the table above pytest's own last line."""
        terminalreporter.section("families (seconds of work over all workers)")
        for line in self.lines():
            terminalreporter.write_line(line)


def skip_reason(report: pytest.TestReport) -> str:
    """Why a test was skipped, in its author's words; an expected failure says so."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return f"expected to fail: {getattr(report, 'wasxfail', 'no reason given')}"
