"""Rows that somebody sent to be predicted, in whatever form they came."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from serving.http.reading import Admit, GoOn, Reader, Rows
from serving.releases.follower import Follower
from serving.releases.loaded_version import Version
from serving.releases.loader import Key

One = TypeVar("One")


class ByVersion(Generic[One]):
    """What is made once for each version that is loaded.

    Args:
        follower: Who knows which these are.
        make: Makes it.
    """

    def __init__(self, follower: Follower, make: Callable[[Version], One]) -> None:
        self._follower, self._make = follower, make
        self._known: dict[Key, One] = {}

    def of(self, version: Version) -> One:
        """Return that of a version."""
        found = self._known.get(version.key)
        if found is None:
            found = self._make(version)
            loaded = {one.key for one in self._follower.loaded()}
            known = {key: one for key, one in self._known.items() if key in loaded}
            self._known = {**known, version.key: found}
        return found


class Question(ABC):
    """One request's rows, not read yet; several versions may be asked the same."""

    __slots__ = ()

    @property
    @abstractmethod
    def size(self) -> int:
        """How many bytes they take."""

    @abstractmethod
    def most_rows(self, width: int) -> int:
        """Return how many rows there are at most, of so many columns; quick rather than exact."""

    def waits(self, version: Version) -> bool:
        """Say whether `read` may wait for others than the processor, so that it belongs into a thread."""
        return False

    @abstractmethod
    def read(self, version: Version, admit: Admit, go_on: GoOn) -> Rows:
        """Return the rows as a version takes them. Raises HttpError.

        Args:
            version: Who is asked.
            admit: As of `serving.http.reading.Reader.read`.
            go_on: As of `serving.http.reading.Reader.read`.
        """


class Instances(Question):
    """The JSON of a list of rows."""

    __slots__ = ("_content", "_readers")

    def __init__(self, content: bytes, readers: ByVersion[Reader]) -> None:
        self._content, self._readers = content, readers

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return len(self._content)

    def most_rows(self, width: int) -> int:
        """Return how many rows there are at most, of so many columns."""
        return max(self._content.count(b"{"), self._content.count(b",") // width)

    def waits(self, version: Version) -> bool:
        """Say whether anything is looked up."""
        return self._readers.of(version).waits

    def read(self, version: Version, admit: Admit, go_on: GoOn) -> Rows:
        """Return the rows as a version takes them. Raises HttpError."""
        return self._readers.of(version).read(self._content, admit, go_on)
