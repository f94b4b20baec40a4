"""What rows are looked up from, and what its values become."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

Key = str | int
Found = dict[str, Any]
"""What is known of one key, by column."""


class Unavailable(Exception):
    """The source does not answer, or not what it should; `counts` is false where a key may be at fault."""

    def __init__(self, text: str, *, counts: bool = True) -> None:
        super().__init__(text)
        self.counts = counts


class Source(ABC):
    """Where rows are looked up; asked from several threads at once."""

    @abstractmethod
    def fetch(self, keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        """Return what is known of keys, by their text; one that is not there is unknown.

        Args:
            keys: All different, at least one.
            seconds: Until nobody waits any more.

        Raises:
            Unavailable: If it does not answer.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of its connections."""


def plain(value: Any) -> Any:
    """Return a value as a client would send it in JSON: NaN and infinities are missing, dates ISO 8601."""
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
