"""Imports point one way."""

from collections.abc import Callable

import pytest

from tests.architecture.import_rules import import_findings, is_oracle, oracle_findings
from tests.architecture.sources import PACKAGES, Source, python_sources


def test_every_import_points_the_allowed_way() -> None:
    sources = python_sources()

    assert {source.package for source in sources} >= set(PACKAGES)
    found = [finding for source in sources for finding in import_findings(source)]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("engine/order.py", "import wal.reader", "wal"),
        ("engine/order.py", "from gateway import clock", "gateway"),
        ("engine/order.py", "from tests import world", "tests"),
        ("engine/order.py", "import time", "time"),
        ("engine/order.py", "from random import random", "random"),
        ("engine/order.py", "from dataclasses import dataclass", "dataclasses"),
        ("engine/order.py", "from decimal import Decimal", "decimal"),
        ("engine/order.py", "import msgspec", "msgspec"),
        ("engine/order.py", "def f() -> None:\n    import os", "os"),
        ("wal/reader.py", "from engine import codec", "engine"),
        ("wal/reader.py", "import snapshots", "snapshots"),
        ("wal/reader.py", "import msgspec", "msgspec"),
        ("wal/reader.py", "import os", "os"),
        ("snapshots/store.py", "from gateway.clock import now_ns", "gateway"),
        ("snapshots/store.py", "import aiohttp", "aiohttp"),
        ("gateway/app.py", "from bench import load", "bench"),
        ("gateway/feeds/file.py", "import tests.world", "tests"),
    ],
)
def test_an_import_the_wrong_way_is_found(path: str, text: str, name: str) -> None:
    line = 1 + text.count("\n")
    package = path.split("/")[0]

    assert import_findings(Source(path, text)) == [
        f"{path}:{line}: {package} may not import {name}"
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("engine/codec.py", "import hashlib\nimport msgspec"),
        ("engine/price_levels.py", "from sortedcontainers import SortedDict\nfrom . import order"),
        ("wal/files.py", "import os\nimport fcntl"),
        ("wal/record.py", "import msgpack\nimport zlib"),
        ("snapshots/restore.py", "from engine import codec\nfrom wal import reader"),
        ("gateway/app.py", "import aiohttp\nfrom snapshots import restore"),
        ("bench/load.py", "import tests.world, gateway.app"),
    ],
)
def test_an_import_the_right_way_is_not(path: str, text: str) -> None:
    assert import_findings(Source(path, text)) == []


def test_the_oracle_shares_nothing_with_the_engine(count: Callable[[str, int], None]) -> None:
    sources = python_sources()

    count("files of the oracle, none of which imports the engine", sum(map(is_oracle, sources)))
    found = [finding for source in sources for finding in oracle_findings(source)]
    assert not found, "\n".join(["", *found])


def test_an_oracle_that_borrows_from_the_engine_is_found() -> None:
    borrowing = "from fractions import Fraction\nfrom engine import units"
    asking = "from tests.oracle import rules, driver"
    comparing = "from engine import units\nfrom tests.oracle import rules"

    assert oracle_findings(Source("tests/oracle/rules.py", borrowing)) == [
        "tests/oracle/rules.py:2: the oracle may not import engine"
    ]
    assert oracle_findings(Source("tests/oracle/state.py", asking)) == [
        "tests/oracle/state.py:1: the oracle may not import driver"
    ]
    assert oracle_findings(Source("tests/oracle/driver.py", comparing)) == []
    assert oracle_findings(Source("tests/oracle/test_driver.py", comparing)) == []
