"""The first-party files that the service is made of, found by following its imports and templates, and their hash."""

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ml.reports.template_files import template_files
from schemas.home import ROOT

LOCK = "requirements.lock"
_ENTRY = "serving.service"
_PACKAGES = ("serving", "ml", "schemas")
_PLACE = re.compile(r"(?:serving|ml)(?:\.\w+)+:\w+")  # a row of a table of modules counts as an import


def files(entry: str = _ENTRY) -> list[Path]:
    """Return `entry`, all that it imports, also inside functions, and the templates of these, relative to ROOT."""
    found: set[Path] = set()
    waiting = [entry]
    while waiting:
        path = _file(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _imports(ROOT / path)
        waiting += [".".join(parent.parts) for parent in path.parents if parent.parts]
    templates = template_files([ROOT / path for path in found], ROOT)
    return sorted(found | {path.relative_to(ROOT) for path in templates})


def code_hash() -> str:
    """Return a hash over the service's files and the lock file; when it differs, a running service is outdated."""
    digest = hashlib.sha256()
    for path in [*files(), *([Path(LOCK)] if (ROOT / LOCK).is_file() else [])]:
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256((ROOT / path).read_bytes()).digest())
    return digest.hexdigest()


def _file(module: str) -> Path | None:
    parts = module.split(".")
    if parts[0] not in _PACKAGES:
        return None
    candidates = [Path(*parts, "__init__.py"), Path(*parts[:-1], parts[-1] + ".py")]
    return next((path for path in candidates if (ROOT / path).is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _PLACE.fullmatch(node.value):
            yield node.value.partition(":")[0]
