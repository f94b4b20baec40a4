"""How much a tree stands for once its interpolations are followed: twenty lines that double are a million values."""

import re
from collections.abc import Mapping
from typing import Any

MOST = 1_000_000
"""Characters that one block may stand for."""
_REFERENCE = re.compile(r"\$\{\s*(\.*)([\w./\[\]-]+)\s*\}")
_COST = 100  # characters that following a reference counts for
Path = tuple[str, ...]


class Expansion:
    """Sizes in a tree that is not resolved yet, each looked at once."""

    def __init__(self, tree: Mapping[Any, Any]) -> None:
        self._tree = tree
        self._sizes: dict[Path, int] = {}

    def is_too_large(self, key: Any) -> bool:
        """Say whether a top block stands for more than `MOST`."""
        return self._size((str(key),), self._tree.get(key)) > MOST

    def _size(self, path: Path, node: Any) -> int:
        if path in self._sizes:
            return self._sizes[path]
        self._sizes[path] = 0  # of a circle, which the reader names
        if isinstance(node, Mapping):
            size = sum(self._size((*path, str(key)), value) for key, value in node.items())
        elif isinstance(node, list):
            size = sum(self._size((*path, str(place)), value) for place, value in enumerate(node))
        else:
            size = len(str(node)) + (self._referred(path, node) if isinstance(node, str) else 0)
        self._sizes[path] = size
        return size

    def _referred(self, path: Path, text: str) -> int:
        total = 0
        for dots, name in _REFERENCE.findall(text):
            steps = tuple(step for step in re.split(r"[.\[\]/]+", name) if step)
            target = (*path[: len(path) - len(dots)], *steps) if dots else steps
            total += _COST + self._size(target, self._at(target))
        return total

    def _at(self, path: Path) -> Any:
        node: Any = self._tree
        for step in path:
            if isinstance(node, Mapping):
                node = node.get(step)
            elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
                node = node[int(step)]
            else:
                return None
        return node
