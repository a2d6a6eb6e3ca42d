"""Files stay short, documented, finished and well named.

A ratchet is a number that may only fall.  When a change brings one down, write the new number
here; when a change must bring one up, say why in the commit.
"""

from collections.abc import Callable
from typing import Final

import pytest

from tests.architecture import ratchets
from tests.architecture.sources import PACKAGES, Source, python_sources, text_sources

FUNCTIONS_OVER_TARGET: Final = 3
FILES_OVER_TARGET: Final = 15
MODULES_WITHOUT_TEST: Final = 0

Check = Callable[[Source], list[str]]

BAD: Final[dict[str, tuple[Check, Source, str]]] = {
    "function": (
        lambda source: ratchets.long_functions(source, 70),
        Source("wal/a.py", "def f():\n" + "    g()\n" * 70),
        "f has 71 lines",
    ),
    "file": (
        lambda source: ratchets.long_file(source, 500),
        Source("wal/a.py", "a = 1\n" * 501),
        "the file has 501 lines",
    ),
    "columns": (ratchets.wide_lines, Source("wal/a.py", "#" * 101), "101 columns"),
    "module docstring": (
        ratchets.undocumented,
        Source("gateway/a.py", "a = 1"),
        "the module has no docstring",
    ),
    "function docstring": (
        ratchets.undocumented,
        Source("wal/a.py", '"""A."""\nclass A:\n    def g(self): f()'),
        "g has no docstring",
    ),
    "stub": (ratchets.stubs, Source("wal/a.py", "def f(): pass"), "f is a stub"),
    "documented stub": (ratchets.stubs, Source("wal/a.py", "def f(): '''F.'''"), "f is a stub"),
    "unwritten": (
        ratchets.stubs,
        Source("wal/a.py", "def f(): raise NotImplementedError"),
        "f is a stub",
    ),
    "name": (ratchets.vague_name, Source("gateway/utils.py", ""), "name the concept instead"),
    "unfinished": (
        ratchets.forbidden_words,
        Source("wal/a.py", "# " + "TO" + "DO: sync"),
        "the word " + "TO" + "DO",
    ),
    "path": (
        ratchets.forbidden_words,
        Source("README.md", "cd /wo" + "rk/main"),
        "the word /wo" + "rk",
    ),
    "scratch": (
        ratchets.forbidden_words,
        Source("README.md", "fulcrum init /tm" + "p/venue"),
        "the word /tm" + "p/",
    ),
    "host": (
        ratchets.forbidden_words,
        Source("README.md", "https://py" + "pi.org/simple"),
        "the word py" + "pi.org",
    ),
    "no title": (ratchets.headings, Source("A.md", "## Second\n```\n# code\n```\n"), "0 titles"),
    "two titles": (ratchets.headings, Source("A.md", "# One\n\n# Two\n"), "2 titles"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_found(kind: str) -> None:
    check, source, expected = BAD[kind]

    assert [finding.split(": ", 1)[1] for finding in check(source)] == [expected]


GOOD: Final = Source(
    "wal/segment.py",
    '"""Segments."""\n\n\nclass Sink(Protocol):\n    def put(self) -> None:\n        """Puts."""\n'
    '\n\ndef _hidden() -> None:\n    f()\n\n\ndef no_sink() -> None:\n    """Drops."""\n',
)


@pytest.mark.parametrize(
    "check", [ratchets.undocumented, ratchets.stubs, ratchets.vague_name, ratchets.forbidden_words]
)
def test_a_good_file_is_not(check: Check) -> None:
    assert check(GOOD) == []


def test_a_constructor_that_only_keeps_fields_may_be_long() -> None:
    fields = "class A:\n  def __init__(self):\n" + "    self.a = 1\n" * 80
    thoughts = fields + "    if a: f()\n"

    assert ratchets.long_functions(Source("engine/a.py", fields), 70) == []
    assert ratchets.long_functions(Source("engine/a.py", thoughts), 70) == [
        "engine/a.py:2: __init__ has 82 lines"
    ]


def test_a_module_without_a_test_file_is_listed() -> None:
    modules = [Source("wal/reader.py", ""), Source("wal/read.py", ""), Source("wal/dump.py", "")]
    tests = [Source("tests/wal/test_reader.py", ""), Source("tests/cli/test_dump_output.py", "")]

    assert ratchets.without_test(modules, tests) == ["wal/read.py"]


@pytest.mark.parametrize(
    "check",
    [
        ratchets.wide_lines,
        ratchets.undocumented,
        ratchets.stubs,
        ratchets.vague_name,
        lambda source: ratchets.long_functions(source, ratchets.FUNCTION_LINES_LIMIT),
        lambda source: ratchets.long_file(source, ratchets.FILE_LINES_LIMIT),
    ],
    ids=["columns", "docstrings", "stubs", "names", "long functions", "long files"],
)
def test_every_source_keeps_the_limit(check: Check) -> None:
    found = [finding for source in python_sources() for finding in check(source)]
    assert not found, "\n".join(["", *found])


def test_no_file_has_forbidden_words() -> None:
    found = [f for source in text_sources() for f in ratchets.forbidden_words(source)]

    assert not found, "\n".join(["", *found])


def test_every_document_has_one_title() -> None:
    documents = [source for source in text_sources() if source.path.endswith(".md")]

    assert "README.md" in {document.path for document in documents}
    found = [finding for document in documents for finding in ratchets.headings(document)]
    assert not found, "\n".join(["", *found])


def test_few_functions_are_over_the_target() -> None:
    target = ratchets.FUNCTION_LINES_TARGET
    found = [f for source in python_sources() for f in ratchets.long_functions(source, target)]

    assert len(found) <= FUNCTIONS_OVER_TARGET, found


def test_few_files_are_over_the_target() -> None:
    target = ratchets.FILE_LINES_TARGET
    found = [f for source in python_sources() for f in ratchets.long_file(source, target)]

    assert len(found) <= FILES_OVER_TARGET, found


def test_few_modules_have_no_test_file(count: Callable[[str, int], None]) -> None:
    sources = python_sources()
    tests = [source for source in sources if source.name.startswith("test_")]
    modules = [
        source
        for source in sources
        if source.package in set(PACKAGES) - {"bench", "tests"} and source.name != "__init__.py"
    ]
    found = ratchets.without_test(modules, tests)

    count("modules", len(modules))
    for path in found:
        count(f"no test file for {path}", 1)
    assert len(found) <= MODULES_WITHOUT_TEST, found
