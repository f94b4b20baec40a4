"""Days since 1970 as calendar text, and the periods that a span of dates is cut into."""

import numpy as np
from numpy.typing import NDArray

MOST = 24
"""Periods shown at most."""
_UNITS = (("D", 1), ("D", 7), ("M", 1), ("M", 3), ("Y", 1), ("Y", 5), ("Y", 10), ("Y", 100))
_MONDAY = 3
"""Days from the Monday before 1970-01-01 to that day."""


def shown_day(days: float, *, timed: bool = False) -> str:
    """Return a timestamp as ISO 8601, 2024-03-01 or 2024-03-01 09:30."""
    text = str(np.datetime_as_string(_timestamp(np.array([days]))[0], unit="m" if timed else "D"))
    return text.replace("T", " ")


def periods(days: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[str]]:
    """Cut known days into calendar periods, the shortest that give at most `MOST`.

    Args:
        days: Days since 1970, at least one, none missing, shape (n,).

    Returns:
        Each day's period, shape (n,), and the periods' names in order; periods between that no day is in are named too.
    """
    for unit, many in _UNITS:
        shift = _MONDAY if many == 7 else 0
        steps = (_timestamp(days).astype(f"datetime64[{unit}]").astype(np.int64) + shift) // many
        first = int(steps.min())
        if int(steps.max()) - first < MOST:
            break
    codes = steps - first
    # A span of more than 2,400 years keeps its first and last periods.
    count = min(int(codes.max()) + 1, MOST)
    return np.minimum(codes, count - 1), [_name(first + number, unit, many) for number in range(count)]


def _timestamp(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    return np.round(days * 86_400_000_000).astype(np.int64).astype("datetime64[us]")


def _name(step: int, unit: str, many: int) -> str:
    if many == 7:
        return f"week of {np.datetime64(step * many - _MONDAY, 'D')}"
    start = np.datetime64(step * many, unit)  # type: ignore[call-overload]
    if unit == "M" and many == 3:
        return f"{str(start)[:-3]} Q{(step % 4) + 1}"
    return str(start) if many == 1 else f"{start}\u2013{start + (many - 1)}"
