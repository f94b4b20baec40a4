"""How many of a column's values are missing, were never seen in training, or lie outside its range."""

from collections.abc import Collection

import numpy as np

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.profiles import UNKNOWN


def missing_share(column: ColumnProfile | None) -> float | None:
    """Return the share of rows without a value; None without rows."""
    return column.missing / column.rows if column is not None and column.rows else None


def unseen(window: ColumnProfile, known: Collection[str]) -> int:
    """Return how many values training did not know; exact up to 768 different labels, never too many beyond."""
    if window.kind == "identifier":
        return window.counts.get(UNKNOWN, 0)
    return sum(times for text, times in window.counts.items() if text not in known)


def unseen_share(window: ColumnProfile, expected: Expected) -> float | None:
    """Return the share of present values that training did not know; None where any is valid or none is present."""
    if expected.known is None or window.present == 0 or window.kind not in ("category", "identifier"):
        return None
    return unseen(window, expected.known) / window.present


def out_of_range_share(window: ColumnProfile, limits: tuple[float, float] | None) -> float | None:
    """Return the share of finite and infinite numbers below or above the limits; None without limits or numbers."""
    if limits is None or window.kind not in ("number", "date"):
        return None
    if window.numbers is None:
        return 1.0 if window.infinite else None
    low, high = limits
    below = float(window.numbers.share_below(np.array([low]), inclusive=False)[0])
    above = 1.0 - float(window.numbers.share_below(np.array([high]))[0])
    return ((below + above) * window.numbers.n + window.infinite) / (window.numbers.n + window.infinite)
