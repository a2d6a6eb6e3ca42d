"""The table of families adds up, whichever worker a result came from."""

from typing import Final

import pytest

from tests.families import COUNT_PREFIX, FAMILIES, FamilyReport, family_of

ORACLE, DURABILITY, GATEWAY, UNIT = FAMILIES

WHERE: Final = "tests/crash/test_kill.py"


def report(
    node_id: str,
    when: str,
    outcome: str = "passed",
    seconds: float = 0.5,
    properties: tuple[tuple[str, object], ...] = (),
    longrepr: tuple[str, int, str] | None = None,
) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=node_id,
        location=(node_id, 1, ""),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=longrepr,
        when=when,  # type: ignore[arg-type]
        duration=seconds,
        user_properties=list(properties),
    )


def test_the_folder_decides_the_family() -> None:
    assert family_of("tests/oracle/test_steps.py::test_a[seed-1]") is ORACLE
    assert family_of("tests/wal/test_segment.py::test_a") is DURABILITY
    assert family_of("tests/scenarios/test_stories.py::test_a") is GATEWAY
    assert family_of("tests/engine/test_units.py::test_a") is UNIT
    assert family_of("tests/test_families.py::test_a") is UNIT


def test_a_run_is_one_table_with_its_counts_and_its_skips() -> None:
    families = FamilyReport()
    for seed in (1, 2):
        node_id = f"{WHERE}::test_kill[{seed}]"
        families.pytest_runtest_logreport(report(node_id, "setup"))
        families.pytest_runtest_logreport(report(node_id, "call", seconds=200.0))
        families.pytest_runtest_logreport(
            report(node_id, "teardown", properties=((COUNT_PREFIX + "kills", 1_000),))
        )
    families.pytest_runtest_logreport(
        report(f"{WHERE}::test_disk", "setup", "skipped", longrepr=("x", 1, "Skipped: no disk"))
    )
    families.pytest_runtest_logreport(report(f"{WHERE}::test_disk", "teardown"))

    assert families.lines() == [
        "family                   passed  failed  skipped   seconds  budget",
        "oracle                        0       0        0       0.0     400",
        "durability                    2       0        1     403.0     300  OVER BUDGET",
        "gateway and scenarios         0       0        0       0.0     450",
        "unit and architecture         0       0        0       0.0     150",
        "kills: 2,000",
        "skipped 1: tests/crash/test_kill.py::test_disk: no disk",
    ]
