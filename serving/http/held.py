"""How many bytes of bodies the service holds at once, so that many large ones cannot fill its memory."""

from typing import Self

from serving.http.errors import RETRY, HttpError


class Held:
    """The bytes of all bodies that are being received or are in work, but for small ones that arrived whole."""

    def __init__(self, most: int) -> None:
        self._most, self._now = most, 0

    def share(self) -> "Share":
        """Return the share of one request, empty at first; as a context it is given back at the end."""
        return Share(self)

    def change(self, size: int) -> None:
        """Count more bytes, or fewer. Raises HttpError: 429 when it would be too many."""
        if size > 0 and self._now + size > self._most:
            text = f"bodies of {self._now:,} bytes are received or in work already (deploy.max_bodies); try again"
            raise HttpError(429, text, headers=RETRY)
        self._now += size


class Share:
    """What one request holds."""

    __slots__ = ("_held", "_mine")

    def __init__(self, held: Held) -> None:
        self._held, self._mine = held, 0

    def take(self, size: int) -> None:
        """Hold more bytes. Raises HttpError: 429 when it would be too many."""
        self._held.change(size)
        self._mine += size

    def __enter__(self) -> Self:
        """Return the share."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give all of it back."""
        if self._mine:
            self._held.change(-self._mine)
