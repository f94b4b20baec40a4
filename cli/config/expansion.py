"""How much a tree stands for once its interpolations are followed: twenty lines that double are a million values."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from omegaconf import Container

from schemas.errors import ConfigurationError, Fault

MOST = 1_000_000
"""Characters that one block may stand for."""
MOST_OF_ALL = 4 * MOST
"""Characters that all blocks together may stand for."""
_COST = 100  # characters that following a reference counts for
_MOST_ALIASES = 50  # keys on the way to one value that stand for another key each
_KEY = r"(?:[^\s.:${}\[\]()'\"\\]|\$(?!\{))+"
_REAL = r"(?<!\\)(?:\\\\)*\$\{"  # \${ is text
_BEGINNING = re.compile(_REAL)
_REFERENCE = re.compile(rf"{_REAL}\s*(\.*)((?:{_KEY}|\[{_KEY}\])(?:\.{_KEY}|\[{_KEY}\])*)\s*\}}")
Path = tuple[str, ...]


def is_readable(text: str) -> bool:
    """Say whether each interpolation in a text names one key, written out: only those can be counted."""
    return len(_BEGINNING.findall(text)) == len(_REFERENCE.findall(text))


def expansion_faults(tree: Mapping[Any, Any]) -> list[Fault]:
    """Return the top blocks that stand for too much; nothing is resolved for it."""
    sizes = Expansion(tree)
    faults = [_too_large(str(key), MOST) for key in tree if sizes.is_too_large(key)]
    return faults or ([_too_large("", MOST_OF_ALL)] if sizes.total > MOST_OF_ALL else [])


@contextmanager
def bounded_resolution() -> Iterator[None]:
    """Let OmegaConf follow no more than `MOST` within: Hydra does while it merges files, before there is a tree.

    Raises:
        ConfigurationError: When it wants to.
    """
    follow, spent = Container._resolve_node_interpolation, 0

    def counted(self: Container, inter_key: str, memo: set[int] | None) -> Any:
        nonlocal spent
        node = follow(self, inter_key, memo)
        value = node._value()
        spent += _COST + (len(value) if isinstance(value, str) else 0)
        if spent > MOST:
            raise _TooMuch
        return node

    Container._resolve_node_interpolation = counted  # type: ignore[method-assign]
    try:
        yield
    except _TooMuch:
        raise ConfigurationError([_too_large("", MOST)]) from None
    finally:
        Container._resolve_node_interpolation = follow  # type: ignore[method-assign]


class _TooMuch(BaseException):
    """Not an Exception: OmegaConf catches those and builds others of their class."""


def _too_large(path: str, most: int) -> Fault:
    what = "its" if path else "the configuration's"
    return Fault(path, f"{what} interpolations stand for more than {most:,} characters", "write it out")


class Expansion:
    """Sizes in a tree that is not resolved yet, each looked at once."""

    def __init__(self, tree: Mapping[Any, Any]) -> None:
        self._tree = tree
        self._sizes: dict[Path, int] = {}

    @property
    def total(self) -> int:
        """How many characters all top blocks stand for."""
        return sum(self._size_of(key) for key in self._tree)

    def is_too_large(self, key: Any) -> bool:
        """Say whether a top block stands for more than `MOST`."""
        return self._size_of(key) > MOST

    def _size_of(self, key: Any) -> int:
        try:
            return self._size((str(key),), self._tree.get(key))
        except RecursionError:
            return 0  # the reader follows no such chain either, and says so

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
        return sum(_COST + self._size(*self._at(target)) for target in _targets(path, text))

    def _at(self, path: Path) -> tuple[Path, Any]:
        """Return where a path leads once every key on it that stands for another is followed, and what is there."""
        for _ in range(_MOST_ALIASES):
            node: Any = self._tree
            for place, step in enumerate(path):
                node = _child(node, step)
                aliased = _targets(path[: place + 1], node) if isinstance(node, str) else []
                if aliased and place + 1 < len(path):
                    path = (*aliased[0], *path[place + 1 :])
                    break
            else:
                return path, node
        return path, None  # a circle


def _targets(path: Path, text: str) -> list[Path]:
    """Return the paths that the text at `path` refers to."""
    found = []
    for dots, name in _REFERENCE.findall(text) if "${" in text else []:
        steps = tuple(step for step in re.split(r"[.\[\]]+", name) if step)
        found.append((*path[: max(0, len(path) - len(dots))], *steps) if dots else steps)
    return found


def _child(node: Any, step: str) -> Any:
    if isinstance(node, Mapping):
        return node[step] if step in node else next((node[key] for key in node if str(key) == step), None)
    try:
        return node[int(step)] if isinstance(node, list) else None
    except (ValueError, IndexError):
        return None
