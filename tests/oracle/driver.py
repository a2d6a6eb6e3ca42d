"""The one mixed driver: a seed's commands to engine and oracle, compared after each of them.

`run(seed, steps)` returns how often each kind of command, event, reason, cause and rule came up.
`python -m tests.oracle.driver --seed 7 --steps 20000` prints them; `--alone` runs the oracle only,
which shows whether the commands still meet every rule.
"""

import argparse
import time
from collections import Counter
from random import Random
from typing import Final

from engine import codec
from engine.events import CancelCause, CloseCause
from engine.reject_reason import RejectReason
from snapshots.snapshot import state_hash
from tests.oracle.compare import Duel
from tests.oracle.generator import Generator
from tests.oracle.records import Fact
from tests.oracle.scripts import broken_by, shrunk, told
from tests.oracle.venue import Venue

LIFE_STEPS: Final = 2_000
STEPS: Final = "steps"
NIGHTLY_SEED: Final = 1_000_000  # lives that `make test` does not live
# What a long enough run must have met, however the driver grows.
RULES: Final = (
    *("CMD-5 refused item", "CMD-5 fires between"),
    *("TYP-1 triggered rests", "TYP-1 triggered takes", "TYP-1 refused", "TYP-3"),
    *("OCO-2 fill", "OCO-2 trigger", "OCO-2 other", "OCO-3 amended", "OCO-3 cancelled"),
    *("DMS-1 fired", "DMS-1 replaced", "ICE-1 refill", "ICE-1 again in path"),
    *("MAT-2 closer clipped", "MAT-2 closer passed over"),
    *("MAT-3 budget ends", "MAT-3 nothing", "MAT-4 FOK short", "MAT-6 short"),
    *("MAT-7 rests", "MAT-7 unfilled", "MAT-8 RED-1", "MAT-8 RED-2", "MAT-8 hold short"),
    *("MAT-9 second position", "STP CANCEL_MAKER", "STP CANCEL_TAKER", "STP CANCEL_BOTH"),
    *("STP DECREMENT maker left", "STP DECREMENT maker gone", "STP DECREMENT taker gone"),
    *("STP after trades", "STP with FOK", "STP-2 amended"),
    *("ADM-6a netting", "ADM-6a ticket", "ADM-6b trades", "ADM-6b rest", "ADM-6c"),
    *("AMD-4 below filled", "AMD-4 equal filled", "AMD-4 takes"),
    *("FIR-7 cascade", "FIR-8 stale", "EXI-8 unfilled", "EXI-8 auto-close stays"),
    *("LIQ-5 whole", "LIQ-5 partly", "LIQ-5 nothing"),
    *("LIQ-6 open", "LIQ-6 increase", "LIQ-6 net", "LIQ-6 flip"),
    *("LIQ-7 gaining", "LIQ-7 losing", "LIQ-7 ruined", "LIQ-7 fund", "LIQ-7 tie"),
    *("LIQ-8 offer rests", "LIQ-8 offer hit", "FIL-9"),
    *("LIQ-9 slice", "LIQ-9 next slice", "LIQ-9 goes on"),
    *("LIQ-10 by the house", "LIQ-10 in a book", "LIQ-10 part", "LIQ-10 next close"),
    *("LIQ-10 fourth close", "LIQ-10 frees nothing", "LIQ-10 order cancelled"),
    *("LIQ-10 goes on", "LIQ-10 not cured", "LIQ-11 by value"),
    *("CRS-2 spends profit", "CRS-2 lacks profit", "CRS-3 debit", "CRS-4", "CRS-5 order cancelled"),
    *("CRS-5 waived", "CRS-5 insured", "CRS-6 opener cancelled", "CRS-6 left alone"),
    *("FUN-1 interval changed", "FUN-2 above", "FUN-2 below", "FUN-2 nothing", "FUN-2 too thin"),
    *("FUN-3 no samples", "FUN-3 clamped", "FUN-3 capped", "FUN-3 missed stamp"),
    *("FUN-4 halted", "FUN-4 rate 0", "FUN-4 stale", "FUN-4 dust", "FUN-4 fund", "FUN-4 cross"),
    *("FUN-4 isolated", "FUN-4 accrues", "FUN-4 paid back in part", "FUN-4 paid back in full"),
    *("FUN-5 all removed", "FUN-5 part removed", "FUN-5 increased", "FUN-5 flipped"),
    *("FUN-5 liquidated", "FUN-6 position waits", "FUN-6 account waits"),
    *("FUN-6 account meets a price", "FUN-6 account changed", "LIQ-12 cross", "LIQ-12 isolated"),
    *("FEE-3 MAKER", "FEE-3 TAKER", "FEE-4 hold rises", "FEE-4 hold falls"),
    *("FEE-4 order cancelled", "FEE-5 below zero"),
    *("KEY-4 STALE_PRICE", "KEY-4 RISK_TIER", "KEY-4 INSUFFICIENT_BALANCE"),
    *("KEY-4 WOULD_LIQUIDATE", "KEY-4 cross", "KEY-4 margin rises", "KEY-4 margin falls"),
    *("KEY-4 hold rises", "KEY-4 hold falls"),
    *("TRL-2 activated", "TRL-3 follows", "TRL-4 attached", "TRL-4 adds", "TRL-4 ends others"),
    *("TRL-4 exits keep", "TRL-4 exits anew", "TRL-6 waits", "TRL-6 follows"),
    *("TRL-5 order by distance", "TRL-5 order by rate", "TRL-5 order by distance of two"),
    *("TRL-5 order by rate of two", "TRL-5 exit by distance", "TRL-5 exit by rate"),
    *("TRL-5 exit by distance of two", "TRL-5 exit by rate of two"),
    *("KEY-1 used", "KEY-3 leg", "KEY-3 closes leg", "KEY-3 across legs", "KEY-5 used"),
)
EXPECTED: Final = (
    *(f"command {shape.record_class.__name__}" for shape in codec.COMMAND_SHAPES),
    *(f"event {shape.record_class.__name__}" for shape in codec.EVENT_SHAPES),
    *(f"reason {reason.name}" for reason in RejectReason if reason is not RejectReason.NONE),
    *(f"close {cause.name}" for cause in CloseCause),
    *(f"cancel {cause.name}" for cause in CancelCause),
    *(f"rule {code}" for code in RULES),
)


def run(seed: int, steps: int, deadline: float = float("inf")) -> Counter[str]:
    """Lives of 2,000 steps until enough steps are done, or the monotonic clock says so.

    Raises AssertionError with a short script when engine and oracle differ.
    """
    counted: Counter[str] = Counter()
    life = 0
    while counted[STEPS] < steps and time.monotonic() < deadline:
        counted += live(f"{seed}/{life}", min(LIFE_STEPS, steps - counted[STEPS]))
        life += 1
    return counted


def live(name: str, steps: int) -> Counter[str]:
    """One venue's life; its name is its seed."""
    duel = Duel()
    generator = Generator(Random(name), duel.venue)
    counted: Counter[str] = Counter()
    opening = generator.opening()
    try:
        for number in range(steps):
            step = opening[number] if number < len(opening) else generator.next()
            count(counted, step[1], duel.apply(*step))
        duel.deep_check()
        count_rules(counted, duel.venue)
    except AssertionError as difference:
        script = shrunk(duel.script)
        raise AssertionError(
            f"life {name}, step {len(duel.script)}: {difference}\n\n"
            f"shortest script, which says {broken_by(script)}:\n\n{told(script)}"
        ) from difference
    return counted


def run_alone(seed: int, steps: int) -> Counter[str]:
    """The same lives of the oracle without the engine."""
    counted: Counter[str] = Counter()
    life = 0
    while counted[STEPS] < steps:
        venue = Venue()
        generator = Generator(Random(f"{seed}/{life}"), venue)
        opening = generator.opening()
        for number in range(min(LIFE_STEPS, steps - counted[STEPS])):
            step = opening[number] if number < len(opening) else generator.next()
            count(counted, step[1], venue.apply(*step))
            venue.state.check()
        count_rules(counted, venue)
        life += 1
    return counted


def count_rules(counted: Counter[str], venue: Venue) -> None:
    """Adds how often each rule bit in a life."""
    counted.update(
        {f"rule {code}": times for code, times in getattr(venue.state, "hits", {}).items()}
    )


def fingerprint(name: str, steps: int) -> str:
    """The event chain and the state hash at the end of a life, to be compared across processes."""
    duel = Duel()
    generator = Generator(Random(name), duel.venue)
    opening = generator.opening()
    for number in range(steps):
        duel.apply(*(opening[number] if number < len(opening) else generator.next()))
    state = duel.engine.state
    return f"{state.event_chain.hex()} {state_hash(state).hex()}"


def count(counted: Counter[str], name: str, facts: list[Fact]) -> None:
    """Adds one command and what it led to."""
    counted[STEPS] += 1
    counted[f"command {name}"] += 1
    for event, fields in facts:
        counted[f"event {event}"] += 1
        if event in ("Rejected", "PriceRefused"):
            counted[f"reason {fields['reason']}"] += 1
        elif event == "PositionReduced":
            counted[f"close {fields['cause']}"] += 1
        elif event == "OrderCancelled":
            counted[f"cancel {fields['cause']}"] += 1


def missed(counted: Counter[str], least: int) -> list[str]:
    """What came up less often than it must."""
    return [f"{name}: {counted[name]}" for name in EXPECTED if counted[name] < least]


def nightly(seed: int, budget_seconds: float) -> dict[str, int]:
    """As many lives as the budget allows: a job for `tests.nightly`."""
    counted = run(NIGHTLY_SEED + seed, 10**9, time.monotonic() + budget_seconds)
    return {f"oracle {name}": counted[name] for name in (STEPS, *EXPECTED)}


def main() -> None:
    """Prints a histogram."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.driver")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--alone", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    counted = (run_alone if options.alone else run)(options.seed, options.steps)
    for name in (*EXPECTED, STEPS):
        print(f"{name:<36}{counted[name]:>10,}")
    print(f"{counted[STEPS] / (time.monotonic() - started):,.0f} steps per second")


if __name__ == "__main__":
    main()
