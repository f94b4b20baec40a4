"""What a process has loaded already: several steps of one run take the same artifact, and it is read and checked once.

An artifact never changes under its URI. Where every step is a process of its own, nothing is found here.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """The artifacts loaded last, by URI, as many as fit a bound."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size = most, size
        self._known: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def get(self, uri: str, load: Callable[[], T]) -> T:
        """Return what was loaded from `uri` before, else load it; what is larger than the bound is not kept."""
        if uri in self._known:
            self._known.move_to_end(uri)
            return self._known[uri][0]
        found = load()
        self._known[uri] = (found, self._size(found))
        while sum(size for _, size in self._known.values()) > self._most:
            self._known.popitem(last=False)
        return found
