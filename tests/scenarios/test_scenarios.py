"""Every scenario file tells the story that it says it tells."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.scenarios.rules import README, codes_by_source, proofs, rule_codes, with_table
from tests.scenarios.story import codes_of, opening, read_story, story_files, tell, text_of
from tests.scenarios.world import World

SCENARIOS_MIN: Final = 60


@pytest.mark.parametrize("path", story_files(), ids=lambda path: path.stem)
def test_the_story_comes_out_as_told(
    path: Path, update_scenarios: bool, count: Callable[[str, int], None]
) -> None:
    text = path.read_text()
    world = World()

    told = tell(read_story(text), world)

    if update_scenarios:
        path.write_text(text_of(told.blocks))
        text = path.read_text()
    assert text_of(told.blocks) == text
    assert told.unexpected == []
    assert world.chain_of_second_run() == world.state.event_chain
    count("scenarios", 1)
    count("scenario commands", told.commands)


@pytest.mark.parametrize("path", story_files(), ids=lambda path: path.stem)
def test_a_scenario_opens_with_its_point_and_its_rules(path: Path) -> None:
    words = opening(path.read_text())

    assert codes_of(words)
    assert len(words.split()) >= 6


def test_there_are_enough_scenarios() -> None:
    assert len(story_files()) >= SCENARIOS_MIN


def test_every_rule_is_proved_by_name(count: Callable[[str, int], None]) -> None:
    proved = proofs(README.read_text())

    unnamed = [code for code, paths in proved.items() if not paths]
    by_story = [
        paths for paths in proved.values() if any(p.startswith("scenarios/") for p in paths)
    ]
    assert unnamed == []
    count("rules", len(proved))
    count("rules that a story tells", len(by_story))


def test_a_rule_that_nothing_names_is_found() -> None:
    readme = "# engine\n\n* **MRG-1** Known.\n* **ZZZ-9** Nobody knows.\n"

    assert proofs(readme)["MRG-1"] != []
    assert proofs(readme)["ZZZ-9"] == []
    assert with_table(with_table(readme)) == with_table(readme) != readme


def test_the_readme_says_what_proves_each_rule(update_scenarios: bool) -> None:
    readme = README.read_text()

    if update_scenarios:
        README.write_text(with_table(readme))
        readme = README.read_text()
    assert with_table(readme) == readme, "run pytest tests/scenarios --update-scenarios"


def test_no_scenario_or_test_names_a_rule_that_is_not_there() -> None:
    known = rule_codes(README.read_text())

    assert {path: codes - known for path, codes in codes_by_source().items() if codes - known} == {}
