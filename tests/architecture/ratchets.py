"""How long, how documented and how named a file may be.  Knows text and syntax, no meaning."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import Function, Source, functions

FUNCTION_LINES_TARGET, FUNCTION_LINES_LIMIT = 40, 70
FILE_LINES_TARGET, FILE_LINES_LIMIT = 300, 500
COLUMNS: Final = 100

# One explicit class per command and per event, on purpose: long, flat, and read by searching.
LONG_FILES: Final = frozenset({"engine/commands.py", "engine/events.py"})

# Packages whose public functions are a promise to the other packages.
DOCUMENTED: Final = frozenset({"engine", "wal", "snapshots", "gateway"})

VAGUE_NAMES: Final = frozenset({"common", "helper", "helpers", "misc", "util", "utils"})

# Names by which a function says that doing nothing is its purpose.
NOTHING: Final = re.compile(r"_?no(_|body$|thing$)")

# Spelled in pieces, so that this file passes its own check.
UNFINISHED: Final = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b|# ?XX" + r"X\b")
WORKPLACE: Final = re.compile(
    r"(?<![\w.*-])/(?:wo" + r"rk\b|ro" + r"ot/|op" + r"t/|tm" + r"p/|ho" + r"me/)"
    r"|\bfa" + r"rm-|\bpy" + r"pi\.org|python" + r"hosted|\bdebian\." + r"org|sub" + r"agent"
)


def long_functions(source: Source, limit: int) -> list[str]:
    """Functions of more lines than `limit`; a list of fields to assign is not a long thought."""
    return [
        source.at(function.lineno, f"{function.name} has {length(function)} lines")
        for function in functions(source.tree())
        if length(function) > limit and not only_assigns_fields(function)
    ]


def length(function: Function) -> int:
    """Lines from `def` to the last line, without decorators."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def only_assigns_fields(function: Function) -> bool:
    """Whether a constructor does nothing but keep what it was given."""
    plain = ast.Assign | ast.AnnAssign | ast.Expr
    return function.name == "__init__" and all(isinstance(s, plain) for s in function.body)


def long_file(source: Source, limit: int) -> list[str]:
    """A file of more lines than `limit`."""
    lines = source.text.count("\n")
    exempt = lines <= limit or source.path in LONG_FILES
    return [] if exempt else [source.at(1, f"the file has {lines} lines")]


def wide_lines(source: Source) -> list[str]:
    """Lines of more than 100 columns."""
    return [
        source.at(number, f"{len(line)} columns")
        for number, line in enumerate(source.text.splitlines(), 1)
        if len(line) > COLUMNS
    ]


def undocumented(source: Source) -> list[str]:
    """A module without a docstring, or a public function without one where they are promised."""
    tree = source.tree()
    found = [] if ast.get_docstring(tree) else [source.at(1, "the module has no docstring")]
    if source.package in DOCUMENTED:
        found += [
            source.at(function.lineno, f"{function.name} has no docstring")
            for function in public_functions(tree)
            if not ast.get_docstring(function)
        ]
    return found


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """Functions of the module and methods of its public classes, by name without underscore."""
    public_classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
    for body in (tree.body, *(public_class.body for public_class in public_classes)):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                yield node


def stubs(source: Source) -> list[str]:
    """Functions that do nothing, unless they say so by name (`no_progress`) or only declare."""
    tree = source.tree()
    declared = set(declarations(tree))
    return [
        source.at(function.lineno, f"{function.name} is a stub")
        for function in functions(tree)
        if function not in declared
        and not NOTHING.match(function.name)
        and all(does_nothing(s) for s in function.body)
    ]


def does_nothing(statement: ast.stmt) -> bool:
    """Whether a statement is `pass`, a bare constant, or `raise NotImplementedError`."""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
            return name == "NotImplementedError"
    return False


def declarations(tree: ast.Module) -> Iterator[Function]:
    """Functions whose body is meant to be empty; a group of commands is its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.dump(b) for b in node.bases):
            yield from (
                n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = " ".join(ast.dump(decorator) for decorator in node.decorator_list)
            if any(mark in marks for mark in ("overload", "abstractmethod", "attr='group'")):
                yield node


def vague_name(source: Source) -> list[str]:
    """A module named after nothing."""
    stem = source.name.removesuffix(".py")
    return [source.at(1, "name the concept instead")] if stem in VAGUE_NAMES else []


def forbidden_words(source: Source) -> list[str]:
    """Notes of unfinished work, and paths or hosts of the place where this was written."""
    return [
        source.at(number, f"the word {found.group()}")
        for number, line in enumerate(source.text.splitlines(), 1)
        for found in [UNFINISHED.search(line) or WORKPLACE.search(line)]
        if found
    ]


def headings(source: Source) -> list[str]:
    """A document with no title or with several; fenced code does not count."""
    titles, fenced = 0, False
    for line in source.text.splitlines():
        fenced ^= line.startswith("```")
        titles += line.startswith("# ") and not fenced
    return [] if titles == 1 else [source.at(1, f"{titles} titles")]


def without_test(modules: list[Source], test_files: list[Source]) -> list[str]:
    """Modules that no test file is named after: `test_NAME.py`, or `test_NAME_….py`."""
    tests = [test.name.removesuffix(".py") + "_" for test in test_files]
    return [
        module.path
        for module in modules
        if not any(test.startswith(f"test_{module.name.removesuffix('.py')}_") for test in tests)
    ]
