"""The whole venue as a process, killed under load: whatever it said before stays true.

Three stories, so that the workers can share them; the seed of each is in its name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.crash.audit import mismatches, replayed_facts
from tests.crash.story import Story, short_plan

KILLS_PER_STORY: Final = 7
SMALL: Final = 65_536  # bytes of a segment: there will be several
LARGE: Final = 67_108_864


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "segment_bytes"),
    [(1, LARGE), (2, SMALL), (3, SMALL)],
)
async def test_what_was_shown_before_a_kill_is_true_after_it(
    tmp_path: Path, seed: int, segment_bytes: int, count: Callable[[str, int], None]
) -> None:
    print(f"seed {seed}")
    story = Story(tmp_path, short_plan(seed)._replace(segment_bytes=segment_bytes))

    await story.run(KILLS_PER_STORY)

    seen = story.seen
    facts = replayed_facts(story.data, seen)
    assert mismatches(seen, facts) == []
    assert set(seen.last_account_messages()) == {"socket-0", "socket-1"}
    count("kills", story.counts["kills"])
    count("kills: acknowledged orders present exactly once", len(seen.results))
    count("kills: (sequence, event chain) seen and replayed", len(seen.chains))
    count("kills: private messages seen and replayed", len(seen.messages))
    count("kills: unknown outcomes settled", sum(trader.retries for trader in story.traders))
    print(dict(story.counts))
