"""What the cases share: the sizes of this run."""

import pytest

from bench.sizes import Sizes, chosen_sizes


@pytest.fixture(scope="session")
def sizes() -> Sizes:
    """As the environment says."""
    return chosen_sizes()
