"""Holds where trailing stops stood, in a venue that was killed and restored, against a replay.

Knows the gateway's own words for them; knows no rule of trailing.
"""

from collections import defaultdict
from typing import Final, final

import msgspec

from engine.engine import Engine
from gateway.replies.trailing_replies import TrailingStopReply, trailing_stops
from tests.crash.bots.finance import FinanceSightings


class _Seen(msgspec.Struct, rename="camel"):
    trailing_stops: list[TrailingStopReply]


@final
class FollowingWitness:
    """Watches a replay, and compares at the sequences at which somebody asked."""

    def __init__(self, engine: Engine, finance: FinanceSightings) -> None:
        self.wrong: Final[list[str]] = []
        self.compared = 0
        self._engine: Final = engine
        self._seen: Final = finance.trailing
        self._wanted: Final[defaultdict[int, list[str]]] = defaultdict(list)
        for user, sequence in finance.trailing:
            self._wanted[sequence].append(user)

    def observe(self, sequence: int) -> None:
        """The state is that after this sequence."""
        for user in self._wanted.get(sequence, ()):
            state = self._engine.state
            fact = trailing_stops(state, state.account_ids[user])
            body = self._seen[user, sequence]
            seen = msgspec.json.decode(body, type=_Seen).trailing_stops
            self.compared += len(seen)
            if seen != fact:
                self.wrong.append(f"trailing stops of {user}: {seen}, are {fact}")
