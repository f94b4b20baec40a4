"""Checks of source code that is read and not run: what it imports, and that it pickles nothing."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

_PICKLES = frozenset({"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"})
_PICKLING_CALLS = frozenset({"read_pickle", "to_pickle"})
_OURS = frozenset({"cli", "ml", "pipelines", "run", "schemas", "serving", "stacks", "steps"})
"""Names of this program that are no part of the contract."""


def pickling(files: Sequence[Path]) -> Iterator[str]:
    """Yield every place that imports or calls what writes or reads pickles."""
    for file, node in _nodes(files):
        for name in _imported(node):
            if name.split(".")[0] in _PICKLES:
                yield f"{_place(file, node)} imports {name}; what is kept is JSON, ONNX, Keras or skops"
        if isinstance(node, ast.Attribute) and node.attr in _PICKLING_CALLS:
            yield f"{_place(file, node)} calls {node.attr}"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and _is_true(node.value):
            yield f"{_place(file, node.value)} allows pickles"


def foreign_imports(files: Sequence[Path], *, also: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every import of what is no part of the contract: this program's other rooms, and ZenML unless `also`."""
    barred = (_OURS | {"zenml"}) - also
    for file, node in _nodes(files):
        for name in _imported(node):
            if name.split(".")[0] in barred:
                hint = "only a flavor's module may" if name.split(".")[0] == "zenml" else "import drivetrain instead"
                yield f"{_place(file, node)} imports {name}: {hint}"


def _nodes(files: Sequence[Path]) -> Iterator[tuple[Path, ast.AST]]:
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes(), filename=str(file))):
            yield file, node


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module or ""]
    return []


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _place(file: Path, node: ast.AST) -> str:
    return f"{file.name}, line {getattr(node, 'lineno', 0)},"
