"""How many requests are in work at once."""

from typing import Self

from serving.http.errors import RETRY, HttpError


class NoPlace(HttpError):
    """So many are in work that none is begun any more."""

    def __init__(self, now: int) -> None:
        super().__init__(429, f"{now} requests are in work already; try again", headers=RETRY)


class Places:
    """Room for so many requests; each is in it as in a context, once its body is there."""

    def __init__(self, most: int) -> None:
        self._most, self._now = most, 0

    @property
    def taken(self) -> int:
        """How many there are in it now."""
        return self._now

    def __enter__(self) -> Self:
        """Take one. Raises NoPlace where none is left."""
        if self._now >= self._most:
            raise NoPlace(self._now)
        self._now += 1
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._now -= 1
