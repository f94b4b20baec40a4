"""What one Python file reaches, and a digest of its code alone. It is parsed, not executed."""

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from schemas.base import Strict

PACKAGES = ("ml", "schemas", "serving", "stacks", "steps")
"""The first-party packages that a step or the service may reach."""
_PLACE = re.compile(rf"((?:{'|'.join(PACKAGES)})(?:\.\w+)+):\w+")


class PythonFile(Strict):
    """A file's imports, the modules of the places (`ml.runtimes.onnx:load`) that its text names, its code's digest."""

    imports: tuple[str, ...]
    places: tuple[str, ...]
    code: str


@lru_cache(maxsize=3000)  # one command walks over the same files for its steps, for the service, and to copy them
def parse(content: bytes, name: str) -> PythonFile:
    """Return what a file holds.

    `code` is the SHA-256 of the syntax tree without docstrings: comments, blank lines and formatting are not in it.

    Args:
        content: The file's bytes.
        name: Its name, for the message of an error.

    Raises:
        SyntaxError: If it is not Python.
    """
    tree = ast.parse(content, name)
    for node in ast.walk(tree):
        _drop_docstrings(node)
    return PythonFile(
        imports=tuple(dict.fromkeys(_imported(tree))),
        places=tuple(dict.fromkeys(_places(tree))),
        code=hashlib.sha256(ast.dump(tree, annotate_fields=False).encode(errors="surrogatepass")).hexdigest(),
    )


@cache
def method() -> str:
    """Return what `parse` depends on besides its arguments: this file and the version of Python, whose trees differ."""
    return (
        f"{sys.version_info.major}.{sys.version_info.minor} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"
    )


def _drop_docstrings(node: ast.AST) -> None:
    """Drop every statement that is only a string, as those below attributes are too."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            setattr(node, field, [statement for statement in value if not _is_text(statement)])


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level and _is_ours(node.module):
            yield node.module
            # `from ml.evaluation import metrics` names a module, `from ml.evaluation.metrics import accuracy` does not.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


def _places(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (place := _PLACE.fullmatch(node.value)):
            yield place[1]
