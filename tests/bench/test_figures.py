"""Medians, ratios of rounds, aims, and the table of them."""

import pytest

from bench.figures import Aim, Figure, table


def test_the_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    figure = Figure("http", "orders/s", "requests/s", [90.0, 45.0, 80.0], "bare")
    figure.beside_rounds += [100.0, 50.0, 200.0]

    assert (figure.value, figure.beside_value, figure.ratio) == (80.0, 100.0, 0.9)


def test_a_figure_without_a_limit_has_no_ratio() -> None:
    figure = Figure("engine", "mixed", "commands/s", [3.0, 1.0, 2.0])

    assert (figure.value, figure.beside_value, figure.ratio, figure.is_met) == (
        2.0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("aim", "judged", "met"),
    [
        (Aim("value", ">=", 80.0), 80.0, True),
        (Aim("value", ">=", 80.1), 80.0, False),
        (Aim("ratio", "<=", 1.5), 1.6, False),
        (Aim("ratio", "<=", 1.6), 1.6, True),
        (Aim("excess", "<=", 1.5, "fdatasync p50"), 1.5, True),
        (Aim("excess", "<=", 1.4, "fdatasync p50"), 1.5, False),
    ],
)
def test_an_aim_speaks_of_the_value_the_ratio_or_the_excess(
    aim: Aim, judged: float, met: bool
) -> None:
    figure = Figure("http", "p50", "µs", [80.0], "bare", [50.0], aim, excess_unit=20.0)

    assert (figure.judged, figure.is_met) == (judged, met)


def test_an_aim_for_a_ratio_is_open_while_nothing_is_beside_it() -> None:
    assert Figure("ws", "orders/s", "requests/s", [1.0], aim=Aim("ratio", ">=", 1.0)).is_met is None


def test_the_table_says_what_was_missed() -> None:
    rows = [
        Figure(
            "ws", "orders/s", "requests/s", [12_345.6], "echo", [20_000.0], Aim("ratio", ">=", 1)
        ),
        Figure("memory", "order", "bytes", [650.0], aim=Aim("value", "<=", 700)),
        Figure("prices", "idle", "µs", [5.432]),
    ]

    assert table(rows).splitlines() == [
        "| figure        | median | unit       | beside it | its median | ratio | aim   | met |",
        "|---------------|--------|------------|-----------|------------|-------|-------|-----|",
        "| ws: orders/s  | 12,346 | requests/s | echo      | 20,000     | 0.62  | ≥ 1×  | no  |",
        "| memory: order | 650    | bytes      |           |            |       | ≤ 700 | yes |",
        "| prices: idle  | 5.43   | µs         |           |            |       |       |     |",
    ]
