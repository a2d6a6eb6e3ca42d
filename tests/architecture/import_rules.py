"""Which package may import which, and what each may take from outside.  Knows imports only."""

import ast
import sys
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import PACKAGES, Source

# Imports point one way.  What is not a key here (bench, tests) sees everything.
MAY_IMPORT: Final = {
    "engine": frozenset({"engine"}),
    "wal": frozenset({"wal"}),
    "snapshots": frozenset({"snapshots", "engine", "wal"}),
    "gateway": frozenset({"gateway", "snapshots", "engine", "wal"}),
}

# The core's list is closed, standard library included: nothing on it reads a clock, a file,
# the environment or chance.
ENGINE_OUTSIDE: Final = frozenset(
    {"__future__", "bisect", "collections", "enum", "hashlib", "heapq", "operator"}
    | {"sortedcontainers", "typing"}
)
OUTSIDE: Final = {
    "wal": frozenset({"msgpack"}),
    "snapshots": frozenset({"msgpack", "msgspec", "zstandard"}),
}
CODEC: Final = "engine/codec.py"

# Files beside the oracle that know the engine too: they drive both, and compare.
BRIDGES: Final = frozenset(
    {"compare", "driver", "exit_views", "key_views", "record_views", "scripts", "views"}
)

# One file of the journal touches the file system, so that a simulated twin can stand in for it.
FILE_SEAM: Final = "wal/files.py"
FILE_MODULES: Final = frozenset({"fcntl", "io", "mmap", "os", "shutil", "tempfile"})


def imported(tree: ast.Module, own_package: str) -> Iterator[tuple[int, str]]:
    """Line and top-level name of everything imported, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            inside = node.level > 0 or node.module is None
            yield node.lineno, own_package if inside else str(node.module).split(".")[0]


def import_findings(source: Source) -> list[str]:
    """Imports that point the wrong way or take what the package may not have."""
    if source.package not in MAY_IMPORT:
        return []
    return [
        source.at(line, f"{source.package} may not import {name}")
        for line, name in imported(source.tree(), source.package)
        if not may_import(source, name)
    ]


def oracle_findings(source: Source) -> list[str]:
    """Imports by which the oracle would share an error with what it judges.

    In its folder, the tests and the BRIDGES see both sides; every other file is the oracle, and
    sees neither the house nor a bridge.
    """
    if not is_oracle(source):
        return []
    return [
        source.at(line, f"the oracle may not import {name}")
        for line, name in modules(source.tree())
        if name.split(".")[0] in MAY_IMPORT or name.rsplit(".", 1)[-1] in BRIDGES
    ]


def is_oracle(source: Source) -> bool:
    """Whether a file is part of the slow model."""
    stem = source.name.removesuffix(".py")
    beside = stem in BRIDGES or stem.startswith("test_")
    return source.path.startswith("tests/oracle/") and not beside


def modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that might be a module among what is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
            if node.module in (None, "tests.oracle"):
                yield from ((node.lineno, alias.name) for alias in node.names)


def may_import(source: Source, name: str) -> bool:
    """Whether one import is allowed."""
    package = source.package
    if name in PACKAGES:
        return name in MAY_IMPORT[package]
    if package == "engine":
        return name in ENGINE_OUTSIDE or (name == "msgspec" and source.path == CODEC)
    if package == "wal" and name in FILE_MODULES:
        return source.path == FILE_SEAM
    return package == "gateway" or name in sys.stdlib_module_names or name in OUTSIDE[package]
