"""Finds the house's own files and reads them.  Knows folders; knows no rule."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("engine", "wal", "snapshots", "gateway", "bench", "tests")
DOCUMENT_ENDINGS: Final = frozenset({".md", ".txt", ".toml", ".py", ".csv", ".json", ".sh", ""})

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One file: its path below the root, with slashes, and its text."""

    path: str
    text: str

    @property
    def package(self) -> str:
        """The top-level folder, or the empty string for a file at the root."""
        return self.path.split("/")[0] if "/" in self.path else ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    def at(self, line: int, what: str) -> str:
        """A finding, in the form that editors jump to."""
        return f"{self.path}:{line}: {what}"

    def tree(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.text)


def read(path: Path) -> Source:
    """One file of the checkout."""
    return Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def python_sources() -> list[Source]:
    """Every Python file of every package, in order of path."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    found += (ROOT / "requirements").rglob("*.py")
    return [read(path) for path in sorted(found)]


def text_sources() -> list[Source]:
    """Every file that people read: sources, documents, scenarios, and what drives the build."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    for folder in (*PACKAGES, "requirements", ".ci"):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [read(path) for path in sorted(found) if path.suffix in DOCUMENT_ENDINGS]


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
