"""Decimals as a trader writes them, to the engine's integers and back, exactly or not at all."""

from decimal import Decimal, localcontext
from typing import Final

from engine.units import E8

ATOM: Final = 1  # of 10^-8: the step of money and of rates


def to_units(text: str, step_e8: int) -> int:
    """How many steps the decimal is.  Raises ValueError if it is not a whole number of them."""
    with localcontext(prec=60):
        steps = Decimal(text) * E8 / step_e8
        if steps != steps.to_integral_value():
            raise ValueError(f"{text} is not a multiple of {from_units(1, step_e8)}")
        return int(steps)


def from_units(units: int, step_e8: int) -> str:
    """The decimal of so many steps, without an exponent; prices keep the places of their step."""
    with localcontext(prec=60):
        step = (Decimal(step_e8) / E8).normalize()
        value = Decimal(units) * step_e8 / E8
        places = max(0, -int(step.as_tuple().exponent))
        text = f"{value:.{places}f}"
    if step_e8 == ATOM and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def percent_e8(text: str) -> int:
    """A rate such as `0.04%`, in 10^-8."""
    if text == "0":
        return 0
    if not text.endswith("%"):
        raise ValueError(f"a rate ends with %, unlike {text}")
    return to_units(text.removesuffix("%"), 100)


def percent(rate_e8: int) -> str:
    """The rate as a trader reads it."""
    return from_units(rate_e8 * 100, ATOM) + "%"


def seconds_ns(text: str) -> int:
    """A time such as `1.5s` or `8h`, in nanoseconds."""
    if text.endswith("h"):
        return to_units(text.removesuffix("h"), ATOM) * 36_000
    return to_units(text.removesuffix("s"), ATOM) * 10
