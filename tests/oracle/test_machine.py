"""The same commands chosen by hypothesis, which shortens what it finds."""

from random import Random
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.oracle.compare import Duel
from tests.oracle.generator import WEIGHTS, Generator
from tests.oracle.scripts import told

STEPS: Final = 50
RARE: Final = ("OpenAccount", "IssueToken", "RevokeToken", "ListInstrument", "AdvanceTime")
COMMON: Final = tuple(kind for kind in WEIGHTS if kind not in RARE)
CHANCE: Final = st.randoms(use_true_random=False)


class Venues(RuleBasedStateMachine):
    """Engine and oracle; every rule is a kind of command."""

    def __init__(self) -> None:
        super().__init__()
        self.duel = Duel()
        self.generator = Generator(Random(0), self.duel.venue)

    @initialize(seed=st.integers(0, 10_000))
    def open_the_venue(self, seed: int) -> None:
        """Markets, accounts and money of a seed, and a first price everywhere."""
        self.generator.chance = Random(seed)
        for step in self.generator.opening():
            self.duel.apply(*step)
        for instrument_id, market in self.duel.venue.state.markets.items():
            while market.prices is None:
                time_ns, name, fields = self.generator.of_kind("UpdatePrice")
                self.duel.apply(time_ns, name, {**fields, "instrument_id": instrument_id})

    @rule(chance=CHANCE)
    def price(self, chance: Random) -> None:
        """A price, which is what most things wait for."""
        self.command(chance, "UpdatePrice")

    @rule(chance=CHANCE)
    def order(self, chance: Random) -> None:
        """An order, or the next step of a plot that one began."""
        self.command(chance, "PlaceOrder")

    @rule(chance=CHANCE)
    def plot(self, chance: Random) -> None:
        """The first step of a plot in a book; the next commands, of any rule, go on with it."""
        self.generator.chance = chance
        if not self.generator.planned:
            self.generator.begin_plot()
        self.command(chance, "PlaceOrder")

    @rule(chance=CHANCE, kind=st.sampled_from(COMMON))
    def anything(self, chance: Random, kind: str) -> None:
        """Any of the commands that traders and operators send often."""
        self.command(chance, kind)

    @rule(chance=CHANCE, kind=st.sampled_from(RARE))
    def something_rare(self, chance: Random, kind: str) -> None:
        """Any of the others."""
        self.command(chance, kind)

    def command(self, chance: Random, kind: str) -> None:
        """One command to both."""
        self.generator.chance = chance
        planned = self.generator.planned
        step = self.generator.next() if planned else self.generator.of_kind(kind)
        try:
            self.duel.apply(*step)
        except AssertionError as difference:
            raise AssertionError(f"{difference}\n\n{told(self.duel.script)}") from None

    @invariant()
    def the_books_balance(self) -> None:
        """The oracle's own books; Duel has compared the rest."""
        self.duel.venue.state.check()

    def teardown(self) -> None:
        """The engine's own invariants, once per example."""
        self.duel.deep_check()


# As many examples as the profile says.
TestVenues = Venues.TestCase
TestVenues.settings = settings(stateful_step_count=STEPS)
