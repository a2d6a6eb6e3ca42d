"""Rules that the long runs have hardly met, which says more than any number that is large.

Knows the counters of the oracle's lives; runs nothing.
"""

from typing import Final

from tests.nightly.totals import Totals
from tests.oracle.driver import RULES, STEPS

JOB: Final = "oracle"
MET_AT_LEAST: Final = 1_000
STEPS_TO_JUDGE: Final = 1_000_000  # before that, rare rules may just not have had their turn


def scarce(totals: Totals) -> dict[str, int]:
    """Each rule met fewer than 1,000 times in all lives so far, the rarest first."""
    counters = totals.job(JOB)["counters"] if JOB in totals.jobs else {}
    met = {rule: counters.get(f"{JOB} rule {rule}", 0) for rule in RULES}
    few = sorted((times, rule) for rule, times in met.items() if times < MET_AT_LEAST)
    return {rule: times for times, rule in few}


def is_judged(totals: Totals) -> bool:
    """Whether there were steps enough for every rule."""
    counters = totals.job(JOB)["counters"] if JOB in totals.jobs else {}
    return counters.get(f"{JOB} {STEPS}", 0) >= STEPS_TO_JUDGE


def scarce_lines(totals: Totals) -> list[str]:
    """What is below 1,000, as people read it; nothing if nothing is."""
    few = scarce(totals)
    if not few:
        return []
    judged = "FAILS" if is_judged(totals) else f"judged from {STEPS_TO_JUDGE:,} steps on"
    lines = [f"BELOW {MET_AT_LEAST:,}: {len(few)} of {len(RULES)} rules ({judged})"]
    return lines + [f"  BELOW {MET_AT_LEAST:,}: {rule}: {times:,}" for rule, times in few.items()]
