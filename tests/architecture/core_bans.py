"""What may not stand in the core: anything that rounds by itself or can differ between runs."""

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from tests.architecture.sources import Source

UNITS: Final = "engine/units.py"

# Names that read the world, the memory layout, or make a float.
BANNED_CALLS: Final = frozenset(
    {"__import__", "breakpoint", "complex", "delattr", "dir", "eval", "exec", "float", "globals"}
    | {"hash", "id", "input", "locals", "open", "print", "round", "setattr", "vars"}
)
# Rounding is named, and lives in units.py; elsewhere a division says for whom it rounds.
DIVISIONS: Final = (ast.FloorDiv, ast.Mod)
SET_NAMES: Final = frozenset({"set", "frozenset", "AbstractSet", "Set", "MutableSet"})
# Calls that keep the order in which a set happens to yield.
ORDER_KEEPERS: Final = frozenset({"list", "tuple", "iter", "enumerate", "next", "reversed"})


def core_findings(source: Source, set_attributes: frozenset[str] = frozenset()) -> list[str]:
    """What the core may not contain; `set_attributes` are attributes known to hold sets."""
    if source.package != "engine":
        return []
    tree = source.tree()
    sets = set_attributes | names_of_sets(tree)
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        found += [(node_line(node), what) for what in bans_at(node, source.path == UNITS)]
        found += [(node_line(node), what) for what in set_order_at(node, sets)]
    return [source.at(line, what) for line, what in sorted(found)]


def node_line(node: ast.AST) -> int:
    """The line a node starts on; comprehensions have none of their own."""
    if isinstance(node, ast.comprehension):
        return node.iter.lineno
    return getattr(node, "lineno", 1)


def bans_at(node: ast.AST, in_units: bool) -> Iterator[str]:
    """The bans that one node breaks by itself."""
    match node:
        case ast.Constant(value=float() | complex()):
            yield "a float literal"
        case ast.BinOp(op=op) | ast.AugAssign(op=op):
            yield from arithmetic_bans(node, op, in_units)
        case ast.Call(func=ast.Name(id=name)) if name in BANNED_CALLS:
            yield f"a call of {name}()"
        case ast.Call(func=ast.Name(id="divmod")) if not in_units:
            yield "a division outside units.py"
        case ast.ExceptHandler(type=None):
            yield "an except without a type"
        case ast.ExceptHandler(type=caught) if names_in(caught) & {"Exception", "BaseException"}:
            yield "an except of everything"
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            yield "async code"
        case ast.Global():
            yield "a global statement"


def arithmetic_bans(
    node: ast.BinOp | ast.AugAssign, op: ast.operator, in_units: bool
) -> Iterator[str]:
    """True division anywhere, other division outside units.py, powers that may be negative."""
    right = node.right if isinstance(node, ast.BinOp) else node.value
    if isinstance(op, ast.Div):
        yield "a true division"
    elif isinstance(op, DIVISIONS) and not in_units:
        yield "a division outside units.py"
    elif isinstance(op, ast.Pow) and not in_units and not is_int_literal(right):
        yield "a power whose exponent is not a literal"


def is_int_literal(node: ast.AST) -> bool:
    """Whether a node is a literal of zero or more; a minus sign makes it an operation."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def set_order_at(node: ast.AST, sets: frozenset[str]) -> Iterator[str]:
    """Places where the order of a set would become the order of something else."""
    match node:
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
            if is_set(iterated, sets):
                yield "an iteration over a set"
        case ast.Call(func=ast.Name(id=name), args=[argument, *_]) if name in ORDER_KEEPERS:
            if is_set(argument, sets):
                yield f"{name}() of a set"
        case ast.Call(func=ast.Attribute(value=owner, attr="pop"), args=[]):
            if is_set(owner, sets):
                yield "a pop from a set"
        case ast.Starred(value=value) if is_set(value, sets):
            yield "an unpacking of a set"


def is_set(node: ast.AST, sets: frozenset[str]) -> bool:
    """Whether an expression is visibly a set, or a name that was declared as one."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in sets
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return is_set(left, sets)
    return False


def names_of_sets(tree: ast.Module) -> frozenset[str]:
    """Names and attributes that a module declares as sets or assigns sets to."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=target, annotation=annotation):
                if is_set_type(annotation):
                    found |= target_names([target])
            case ast.Assign(targets=targets, value=value) if is_set(value, frozenset()):
                found |= target_names(targets)
            case ast.arg(arg=name, annotation=ast.AST() as annotation) if is_set_type(annotation):
                found.add(name)
    return frozenset(found)


def attributes_of_sets(sources: Iterable[Source]) -> frozenset[str]:
    """Attributes that hold sets anywhere in the core; other modules reach them by name."""
    found: set[str] = set()
    for source in sources:
        for node in ast.walk(source.tree()):
            match node:
                case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation):
                    if is_set_type(annotation):
                        found.add(name)
    return frozenset(found)


def is_set_type(annotation: ast.AST) -> bool:
    """Whether an annotation is a set, also inside Final[...]."""
    match annotation:
        case ast.Name(id=name):
            return name in SET_NAMES
        case ast.Subscript(value=ast.Name(id="Final"), slice=inner):
            return is_set_type(inner)
        case ast.Subscript(value=value):
            return is_set_type(value)
    return False


def target_names(targets: list[ast.expr]) -> set[str]:
    """The names that an assignment binds, attributes by their last part."""
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return names | {target.attr for target in targets if isinstance(target, ast.Attribute)}


def names_in(node: ast.AST | None) -> set[str]:
    """All plain names below a node."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} if node else set()
