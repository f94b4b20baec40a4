"""What rows are looked up from, and what its values become."""

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

Key = str | int
Found = dict[str, Any]
"""What is known of one key, by column."""


class Lost(Enum):
    """Why nothing is known of a key: of `REFUSED` ones the source says that they are no keys."""

    UNKNOWN = "unknown"
    REFUSED = "refused"
    FAILED = "failed"


class Unavailable(Exception):
    """The source does not answer, or not what it should."""


class KeyRefused(Exception):
    """The source answers, and does not take what it was asked for: of several keys nobody knows which."""


class Source(ABC):
    """Where rows are looked up; asked from several threads at once."""

    at_once: int = sys.maxsize
    """Keys that it is asked for together, at most."""

    @abstractmethod
    def fetch(self, keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        """Return what is known of keys, by their text; one that is not there is unknown.

        Args:
            keys: All different, at least one and `at_once` at most.
            seconds: Until nobody waits any more.

        Raises:
            Unavailable: If it does not answer.
            KeyRefused: If that is for the keys.
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
