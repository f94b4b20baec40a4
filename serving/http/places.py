"""How many requests are in work at once."""

from typing import Self

from serving.http.errors import RETRY, HttpError


class Places:
    """Room for so many requests; each is in it as in a context, once its body is there."""

    def __init__(self, most: int) -> None:
        self._most, self._now = most, 0

    @property
    def taken(self) -> int:
        """How many there are in it now."""
        return self._now

    def __enter__(self) -> Self:
        """Take one. Raises HttpError, 429, where none is left."""
        if self._now >= self._most:
            raise HttpError(429, f"{self._now} requests are in work already; try again", headers=RETRY)
        self._now += 1
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._now -= 1
