"""Modules that are not imported here, because they took another process with them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


@contextmanager
def refused(why: Mapping[str, str]) -> Iterator[None]:
    """Let importing each of these modules raise ImportError with its reason; they are still found, and can be read."""
    finder = _Finder(why)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, why: Mapping[str, str]) -> None:
        self._why = why

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        found = _found(name, path, target) if name in self._why else None
        if found is None:
            return None
        spec = copy(found)  # a finder may keep what it gave
        spec.loader = _Refusal(self._why[name])
        return spec


def _found(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    """Ask every other finder, as an import does: what is installed to be edited may be found by one of its own."""
    for finder in list(sys.meta_path):
        ask = None if isinstance(finder, _Finder) else getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = None if ask is None else ask(name, path, target)
        if spec is not None:
            return spec
    return None


class _Refusal(Loader):
    def __init__(self, why: str) -> None:
        self._why = why

    def exec_module(self, module: ModuleType) -> None:
        raise ImportError(self._why)
