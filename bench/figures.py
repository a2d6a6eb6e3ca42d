"""What is reported: figures with the limit beside them, and how a table of them looks.

Knows rounds and ratios; measures nothing.
"""

from collections.abc import Iterable
from statistics import median
from typing import Literal

import msgspec

Unit = Literal["commands/s", "requests/s", "µs", "s", "bytes", "checks", "accounts"]


class Aim(msgspec.Struct, frozen=True):
    """What is wanted of a figure: of its value, of its ratio to what is beside it, or of its
    excess over what is beside it, which is counted in `excess_unit`s."""

    of: Literal["value", "ratio", "excess"]
    relation: Literal[">=", "<="]
    bound: float
    excess_of: str = ""

    def __str__(self) -> str:
        sign = "≥" if self.relation == ">=" else "≤"
        if self.of == "excess":
            return f"{sign} beside + {self.bound:g} × {self.excess_of}"
        return f"{sign} {self.bound:g}×" if self.of == "ratio" else f"{sign} {self.bound:,.0f}"


class Figure(msgspec.Struct, omit_defaults=True):
    """One row.  rounds, beside_rounds: what each round gave, in `unit`, A B A B in time.

    beside: the name of the limit, measured in the same rounds; empty if there is none.
    excess_unit: what one unit of an excess is, in `unit`.
    """

    group: str
    name: str
    unit: Unit
    rounds: list[float]
    beside: str = ""
    beside_rounds: list[float] = msgspec.field(default_factory=list)
    aim: Aim | None = None
    excess_unit: float = 0.0

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    @property
    def beside_value(self) -> float | None:
        """The median of what was measured beside it."""
        return median(self.beside_rounds) if self.beside_rounds else None

    @property
    def ratio(self) -> float | None:
        """Value by value beside it: the median of the rounds' own ratios, so that a noise that
        hits both sides of a round cancels out."""
        if not self.beside_rounds:
            return None
        pairs = zip(self.rounds, self.beside_rounds, strict=True)
        return median(value / beside for value, beside in pairs)

    @property
    def judged(self) -> float | None:
        """The number that the aim speaks of, if it has one."""
        if self.aim is None:
            return None
        if self.aim.of == "value":
            return self.value
        if self.aim.of == "ratio":
            return self.ratio
        beside = self.beside_value
        return None if beside is None else (self.value - beside) / self.excess_unit

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is met; None without an aim or without what it compares with."""
        judged = self.judged
        if self.aim is None or judged is None:
            return None
        return judged >= self.aim.bound if self.aim.relation == ">=" else judged <= self.aim.bound

    def summary(self) -> dict[str, object]:
        """The figure with what is derived from its rounds, for the JSON."""
        fields: dict[str, object] = {"group": self.group, "name": self.name, "unit": self.unit}
        fields |= {"value": self.value, "rounds": self.rounds}
        if self.beside:
            fields |= {"beside": self.beside, "besideValue": self.beside_value}
            fields |= {"besideRounds": self.beside_rounds, "ratio": self.ratio}
        if self.aim is not None:
            fields |= {"aim": str(self.aim), "judged": self.judged, "met": self.is_met}
        return fields


HEADINGS = ("figure", "median", "unit", "beside it", "its median", "ratio", "aim", "met")


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table, aligned for reading as it is."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [_line(row, widths) for row in rows]
    rule = "|".join("-" * (width + 2) for width in widths)
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return f"| {' | '.join(cells)} |"


def _cells(figure: Figure) -> tuple[str, ...]:
    beside, ratio = figure.beside_value, figure.ratio
    met = {True: "yes", False: "no", None: ""}[figure.is_met]
    return (
        f"{figure.group}: {figure.name}",
        shown(figure.value),
        figure.unit,
        figure.beside,
        "" if beside is None else shown(beside),
        "" if ratio is None else f"{ratio:.2f}",
        "" if figure.aim is None else str(figure.aim),
        met,
    )


def shown(number: float) -> str:
    """Three digits or so: the rest is noise."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"
