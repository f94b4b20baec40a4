"""Find where our source leans on a private name of a library: one that begins with a single underscore.

Read from the syntax alone. What is found: imports of a private module or of a private name, attributes, names given as
text to `getattr` and its like, and dotted texts such as "re._parser". A private name is ours, and left alone, where a
class of ours or its own bases define it (for `self` and `cls`), or where the same file defines it, or where it is
looked up on something that was imported from our packages.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

OWN = (
    "cli",
    "drivetrain",
    "ml",
    "pipelines",
    "stacks",
    "steps",
    "serving",
    "schemas",
    "tests",
    "benchmarks",
    "examples",
    "run",
)
_DOCUMENTED = {"_asdict", "_fields", "_field_defaults", "_make", "_replace", "_exit"}  # underscore or not
_BY_TEXT = {"getattr", "hasattr", "setattr", "delattr", "attrgetter"}
_DOTTED = re.compile(r"[A-Za-z]\w*(\.\w+)+")

Members = dict[str, set[str]]


def private_uses(root: Path) -> set[tuple[str, str]]:
    """Return (name, file relative to `root`) of each use; a name from an import or a text is the whole dotted path."""
    trees = _trees(root)
    members = _class_members(trees.values())
    return {(name, file) for file, tree in trees.items() for name in _File(tree, members).uses()}


def members_below_foreign_bases(root: Path) -> set[tuple[str, str, str]]:
    """Return (module, `Base._member`, file) of each private member of a class of ours below a library's, by any way."""
    trees = _trees(root)
    above: dict[str, set[tuple[str, str]]] = defaultdict(set)  # by the name of a class of ours
    for tree in trees.values():
        for name, foreign in _foreign_bases(tree):
            above[name] |= foreign
    below, grows = _own_bases(trees.values()), True
    while grows:
        grows = False
        for name, bases in below.items():
            more = {one for base in bases for one in above[base]} - above[name]
            above[name] |= more
            grows = grows or bool(more)
    return {
        (module, f"{base}.{member}", file)
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for member in filter(_is_private, _defined(node))
        for module, base in above.get(node.name, ())
    }


def _foreign_bases(tree: ast.Module) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not _is_own(node.module or "")]
    home = {alias.asname or alias.name: (node.module or "", alias.name) for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, {home[root] for root in map(_root, node.bases) if root in home}


def _own_bases(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found: dict[str, set[str]] = defaultdict(set)
    for node in classes:
        found[node.name] |= {_root(base) for base in node.bases}
    return found


@cache
def _trees(root: Path) -> dict[str, ast.Module]:
    files = [file for package in OWN for file in sorted((root / package).rglob("*.py"))]
    return {
        str(file.relative_to(root)): ast.parse(file.read_text(encoding="utf-8")) for file in [*files, root / "run.py"]
    }


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name.strip("_") != "" and name not in _DOCUMENTED


def _has_private(dotted: str) -> bool:
    return any(map(_is_private, dotted.split(".")))


def _is_own(module: str) -> bool:
    return module.split(".")[0] in OWN


def _class_members(trees: Iterable[ast.Module]) -> Members:
    """Return what each class of ours defines, with what its bases of ours do; classes of one name count as one."""
    defined: dict[str, set[str]] = defaultdict(set)
    bases: dict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                defined[node.name] |= _defined(node)
                bases[node.name] |= {
                    part.id for base in node.bases for part in ast.walk(base) if isinstance(part, ast.Name)
                }

    def all_of(name: str, seen: frozenset[str]) -> set[str]:
        above = [base for base in bases[name] if base in defined and base not in seen]
        return defined[name].union(*(all_of(base, seen | {name}) for base in above))

    return {name: all_of(name, frozenset({name})) for name in list(defined)}


def _defined(node: ast.AST) -> set[str]:
    """Return what a file or a class defines: functions, classes, variables, and what is assigned to `self`."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(inner.name)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and _root(inner.value) == "self":
            found |= {inner.attr} if isinstance(inner.value, ast.Name) else set()
    return found


def _root(node: ast.AST) -> str:
    """Return `app` for `app.follower.x()`, and an empty text for what begins otherwise."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


class _File(ast.NodeVisitor):
    def __init__(self, tree: ast.Module, members: Members) -> None:
        self._tree = tree
        self._members = members
        self._defined = _defined(tree)
        self._imported_from_us: set[str] = set()
        self._classes: list[str] = []
        self._found: set[str] = set()

    def uses(self) -> set[str]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom) and _is_own(node.module or ""):
                self._imported_from_us |= {alias.asname or alias.name for alias in node.names}
        self.visit(self._tree)
        return self._found

    def visit_Import(self, node: ast.Import) -> None:
        self._found |= {alias.name for alias in node.names if _has_private(alias.name) and not _is_own(alias.name)}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = {f"{node.module}.{alias.name}" for alias in node.names}
        self._found |= {name for name in names if _has_private(name) and not _is_own(name)}

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(node.name)
        self.generic_visit(node)
        self._classes.pop()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._look(node.attr, node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _root(node.func)
        for before, argument in zip([None, *node.args], node.args, strict=False):
            if name in _BY_TEXT and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                self._look(argument.value, before or argument)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if isinstance(text, str) and _DOTTED.fullmatch(text) and _has_private(text) and not _is_own(text):
            self._found.add(text)

    def _look(self, name: str, on: ast.AST) -> None:
        if not _is_private(name):
            return
        root = _root(on)
        on_itself = isinstance(on, ast.Name) and root in ("self", "cls")
        if on_itself or (isinstance(on, ast.Call) and root == "super"):
            ours = any(name in self._members[each] for each in self._classes)
        else:
            ours = name in self._defined or root in self._imported_from_us
        if not ours:
            self._found.add(name)
