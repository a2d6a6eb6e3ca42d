"""The engine under test is the one that was asked for: nothing shadows it."""

import os

import engine


def test_the_engine_runs_in_the_mode_that_was_asked_for() -> None:
    asked_for = os.environ.get("FULCRUM_ENGINE", "interpreted")

    assert ("compiled" if engine.COMPILED else "interpreted") == asked_for
