"""The core cannot round by accident, and cannot differ between two runs."""

import pytest

from tests.architecture.core_bans import attributes_of_sets, core_findings
from tests.architecture.sources import Source, python_sources

ORDER = "engine/order.py"


def test_the_core_breaks_no_ban() -> None:
    core = [source for source in python_sources() if source.package == "engine"]
    sets = attributes_of_sets(core)

    assert core
    found = [finding for source in core for finding in core_findings(source, sets)]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("fee = 0.0005", "a float literal"),
        ("half = total / 2", "a true division"),
        ("total /= 2", "a true division"),
        ("half = total // 2", "a division outside units.py"),
        ("rest = total % 2", "a division outside units.py"),
        ("total //= 2", "a division outside units.py"),
        ("both = divmod(total, 2)", "a division outside units.py"),
        ("scale = 10 ** digits", "a power whose exponent is not a literal"),
        ("scale = 10 ** -1", "a power whose exponent is not a literal"),
        ("price = round(price)", "a call of round()"),
        ("price = float(text)", "a call of float()"),
        ("key = id(order)", "a call of id()"),
        ("key = hash(name)", "a call of hash()"),
        ("print(order)", "a call of print()"),
        ("file = open(name)", "a call of open()"),
        ("value = eval(text)", "a call of eval()"),
        ("for x in {1, 2}: f(x)", "an iteration over a set"),
        ("for x in set(orders): f(x)", "an iteration over a set"),
        ("ids = [x for x in frozenset(orders)]", "an iteration over a set"),
        ("ids: set[int]\nfor x in ids: f(x)", "an iteration over a set"),
        ("ids = set()\nfor x in ids - others: f(x)", "an iteration over a set"),
        ("def f(ids: set[int]): return list(ids)", "list() of a set"),
        ("ids = {1}\nx = ids.pop()", "a pop from a set"),
        ("ids = {1}\nf(*ids)", "an unpacking of a set"),
        ("try: f()\nexcept: g()", "an except without a type"),
        ("try: f()\nexcept Exception: g()", "an except of everything"),
        ("try: f()\nexcept (KeyError, BaseException): g()", "an except of everything"),
        ("async def f(): g()", "async code"),
        ("def f(): global x", "a global statement"),
    ],
)
def test_what_the_core_may_not_do_is_found(text: str, finding: str) -> None:
    line = 1 + text.count("\n")

    assert core_findings(Source(ORDER, text)) == [f"{ORDER}:{line}: {finding}"]


def test_an_attribute_that_another_module_declares_as_a_set_is_found() -> None:
    state = Source("engine/state.py", "class State:\n    def f(s):\n        s.live: set[int] = g()")
    sets = attributes_of_sets([state])

    assert sets == frozenset({"live"})
    assert core_findings(Source(ORDER, "for x in state.live: f(x)"), sets) == [
        f"{ORDER}:1: an iteration over a set"
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("engine/units.py", "def div_floor(a, b):\n    return a // b"),
        (ORDER, "E8 = 10**8\ntotal = a * b - c"),
        (ORDER, "ids: set[int] = set()\nids.add(1)\nknown = 1 in ids\nfirst = sorted(ids)"),
        (ORDER, "try: f()\nexcept KeyError: g()"),
        (ORDER, "stack = [1]\nx = stack.pop()"),
        ("gateway/app.py", "timeout = 0.5\nprint(timeout / 2)"),
    ],
)
def test_what_the_core_may_do_is_not(path: str, text: str) -> None:
    assert core_findings(Source(path, text)) == []
