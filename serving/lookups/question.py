"""Keys that a source is asked for, a part after the other: what was answered stays, whatever comes of the rest."""

import sys
import time
from collections.abc import Callable, Mapping

from serving.lookups.source import Found, Key, KeyRefused, Lost, Source, Unavailable

_AT_ONCE = 0.5
"""Of the time that a source has: whatever fails sooner did not end by its timeout."""


class Question:
    """All keys that a request looks up, asked in a thread; who waits for it may read what is known at any time.

    Args:
        source: What is asked.
        keys: As the source takes them, by their text; at least one.
        hold: Given the answers, None of an unknown key, as they come.
        first: Keys that are asked for before the others, at most.
    """

    def __init__(
        self,
        source: Source,
        keys: Mapping[str, Key],
        hold: Callable[[dict[str, Found | None]], None],
        first: int = sys.maxsize,
    ) -> None:
        self._source, self._keys, self._hold = source, list(keys.items()), hold
        self._first = min(first, source.at_once)
        self._known: dict[str, Found | Lost] = {}
        self.began = time.monotonic()
        """When who asks it began to wait."""
        self.most = 0
        """Keys of the largest part that was answered."""
        self.part = 0
        """Keys of the part that was asked last."""
        self.is_late = False
        """Whether others were asked about first, so that how long it takes says nothing of the source."""
        self.failed_at_once = False
        """Whether the source failed early in the time that it had."""
        self.refused: KeyRefused | None = None
        """What the source said of keys that it does not take."""

    @property
    def found(self) -> dict[str, Found | Lost]:
        """What is known of each key, failed where there is no answer yet."""
        known = self._known.copy()  # at once: the thread may still be at it
        return {text: known.get(text, Lost.FAILED) for text, _ in self._keys}

    def ask(self, ends: float) -> None:
        """Ask until `ends` (time.monotonic). Raises Unavailable, and asks no more then."""
        begin, end = 0, self._first
        while begin < len(self._keys):
            left = ends - time.monotonic()
            if left <= 0:
                raise Unavailable("it took too long")
            self._ask(dict(self._keys[begin:end]), left)
            begin, end = end, end + self._source.at_once

    def _ask(self, part: dict[str, Key], seconds: float) -> None:
        self.part, started = len(part), time.monotonic()
        try:
            rows = self._source.fetch(list(part.values()), seconds)
        except KeyRefused as error:
            self.refused = error
            self._known.update(dict.fromkeys(part, Lost.REFUSED if len(part) == 1 else Lost.FAILED))
            return
        except Unavailable:
            self.failed_at_once = time.monotonic() - started < seconds * _AT_ONCE
            raise
        answers = {text: rows.get(text) for text in part}
        self._hold(answers)
        self._known.update({text: Lost.UNKNOWN if row is None else row for text, row in answers.items()})
        self.most = max(self.most, len(part))
