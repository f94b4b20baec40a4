"""What of other people's a service imports: read from the source that its package's runtime can reach."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions

from ml.runtimes.load import LOADERS
from ml.source_code.imports import Sources
from ml.source_code.python_file import PACKAGES
from schemas.home import ROOT
from schemas.package import Runtime
from serving.process import code_closure

BY_NAME: dict[Runtime | None, tuple[str, ...]] = {
    None: ("psycopg[binary]", "uvloop"),  # SQLAlchemy imports it for a journal's URL, uvicorn where it is there
    "keras": ("jax",),  # Keras imports its backend
}
"""Requirements that no import of ours shows: of every service, and of a runtime."""

_SHARED = {"opentelemetry": ("opentelemetry-api", "opentelemetry-sdk")}
"""Module that many distributions have a part of → those whose parts we import."""

_NOT_WHEN_SERVING = {"ml/values/sparse_rows.py": {"scipy"}, "serving/journal/parquet.py": {"pyarrow"}}
"""File → modules that only who trains asks it for, or who archives, or a runtime that imports them itself."""


def requirements(runtime: Runtime) -> set[str]:
    """Return the requirements of a service with packages of this runtime, as distributions with their extras."""
    others = [place.partition(":")[0] for name, place in LOADERS.items() if name != runtime]
    names = {name for file in Sources(ROOT).files(code_closure.ENTRIES, others) for name in _foreign(file.as_posix())}
    found = {one for name in names for one in _SHARED.get(name) or _distributions()[name][:1]}
    return {*found, *BY_NAME[None], *BY_NAME.get(runtime, ())}


def _foreign(file: str) -> set[str]:
    if not file.endswith(".py"):
        return set()
    names = {name.partition(".")[0] for name in _imported(ast.parse((ROOT / file).read_bytes(), file))}
    return names - {*PACKAGES, *sys.stdlib_module_names} - _NOT_WHEN_SERVING.get(file, set())


def _imported(node: ast.AST) -> Iterator[str]:
    """Return the modules that are imported below a node, those for a type checker left out."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())
