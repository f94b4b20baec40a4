"""What a step's cached result depends on besides its inputs: the first-party modules and templates that it reaches.

ZenML's own key covers the step's function only, so that a changed helper would go unnoticed. Imports are read from the
source, not executed. A component is found by name, which no import shows; the caller names its module.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ml.reports.template_files import template_files
from schemas.home import ROOT

_PACKAGES = ("ml", "schemas", "serving", "stacks", "steps")


def source_files(modules: Iterable[str]) -> list[str]:
    """Return the files of `modules`, of all first-party modules they import and of the templates these render with.

    Returns:
        Paths relative to the repository, sorted.
    """
    found: set[Path] = set()
    waiting = [path for module in modules if (path := _file(module))]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += [imported for module in _imports(path) if (imported := _file(module)) and imported not in found]
    return sorted(str(path.relative_to(ROOT)) for path in found | template_files(found, ROOT))


def _file(module: str) -> Path | None:
    if module.split(".")[0] not in _PACKAGES:
        return None
    base = ROOT.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path) -> tuple[str, ...]:
    return tuple(_imported(ast.parse(path.read_text(encoding="utf-8"))))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # `from ml.evaluation import metrics` names a module, `from ml.evaluation.metrics import accuracy` does not.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
