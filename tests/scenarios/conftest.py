"""The flag that rewrites what the venue says in the scenario files."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/scenarios --update-scenarios`, then read the diff."""
    parser.addoption("--update-scenarios", action="store_true", default=False)


@pytest.fixture(scope="session")
def update_scenarios(request: pytest.FixtureRequest) -> bool:
    """Whether to rewrite the files instead of comparing them."""
    return bool(request.config.getoption("--update-scenarios", default=False))
