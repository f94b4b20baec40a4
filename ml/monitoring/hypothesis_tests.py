"""What is tested of a column: missing, moved, never seen, out of range; each with the chance that it is chance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.column_profile import ColumnProfile, Numbers
from ml.monitoring.profiles import UNKNOWN
from ml.monitoring.statistics import excess_p_value, homogeneity_p_value, kolmogorov_p_value, total_variation
from schemas.numbers import percent
from schemas.run import MonitorSpec

_GRID = 2049
_NAMES = {"kolmogorov_smirnov": "Kolmogorov-Smirnov distance", "total_variation": "total variation distance"}


@dataclass(frozen=True)
class Check:
    """One hypothesis test of a column: it alarms when `value` is above `tolerance` and chance alone is improbable."""

    name: Literal["distance", "missing", "unseen", "range"]
    statistic: str
    value: float
    tolerance: float
    p_value: float
    why: str


@dataclass(frozen=True)
class Expected:
    """What training knows of a column: the labels it knew (None: any is valid), its range (None: the reference's).

    A nullable column may be left out of a row.
    """

    known: Collection[str] | None = None
    range: tuple[float, float] | None = None
    nullable: bool = False


def unseen(window: ColumnProfile, known: Collection[str]) -> int:
    """Return how many values training did not know; exact up to 768 different labels, never too many beyond."""
    if window.kind == "identifier":
        return window.counts.get(UNKNOWN, 0)
    return sum(times for text, times in window.counts.items() if text not in known)


def outside(window: ColumnProfile, low: float, high: float) -> float:
    """Return the share of present values below `low` or above `high`, infinities included."""
    if window.numbers is None:
        return float(window.infinite > 0)
    below = float(window.numbers.share_below(np.array([low]), inclusive=False)[0])
    above = 1.0 - float(window.numbers.share_below(np.array([high]))[0])
    return ((below + above) * window.numbers.n + window.infinite) / (window.numbers.n + window.infinite)


def limits(reference: ColumnProfile, expected: Expected) -> tuple[float, float] | None:
    """Return the range of a number or date in training, or None."""
    if expected.range is not None:
        return expected.range
    return None if reference.numbers is None else (reference.numbers.minimum, reference.numbers.maximum)


def in_time(reference: ColumnProfile, expected: Expected) -> Expected:
    """Return the dates that a later window may hold: as long after training as training lasted, and at least a year."""
    ends = limits(reference, expected)
    if ends is None:
        return expected
    low, high = ends
    return Expected(expected.known, (low, high + max(high - low, 366.0)))


def kolmogorov_distance(reference: Numbers, window: Numbers) -> float:
    """Return the largest difference of the distribution functions, 0 to 1; exact while the sketches hold all values."""
    shares = np.linspace(0.0, 1.0, _GRID)
    points: NDArray[np.float64] = np.unique(np.concatenate([side.quantiles(shares) for side in (reference, window)]))
    return max(
        float(np.abs(reference.share_below(points, inclusive=side) - window.share_below(points, inclusive=side)).max())
        for side in (True, False)
    )


def ask_missing(reference: ColumnProfile, window: ColumnProfile, spec: MonitorSpec) -> Check:
    """Test whether the share of missing values has jumped, either way."""
    now, before = window.missing / window.rows, reference.missing / reference.rows
    value, p_value = abs(now - before), 1.0
    if value > spec.threshold:
        count, hits = (window.missing, reference.missing) if now > before else (window.present, reference.present)
        p_value = min(1.0, 2 * excess_p_value(count, window.rows, hits + 1, reference.rows - hits + 1))
    why = f"{percent(now, 0)} of the values are missing, {percent(before, 0)} were in training"
    return Check("missing", "missing_share", value, spec.threshold, p_value, why)


def ask_distance(reference: ColumnProfile, window: ColumnProfile, spec: MonitorSpec) -> list[Check]:
    """Test whether the distribution has moved; no test where neither numbers nor counts can be compared."""
    if reference.numbers is not None and window.numbers is not None:
        before, now = reference.numbers, window.numbers
        value = kolmogorov_distance(before, now)
        p_value = kolmogorov_p_value(max(0.0, value - before.error - now.error), before.n, now.n)
        statistic = "kolmogorov_smirnov"
    elif window.kind in ("category", "boolean") and reference.counts and window.counts:
        first, second = _aligned(reference, window)
        value, p_value, statistic = (
            total_variation(first, second),
            homogeneity_p_value(first, second),
            "total_variation",
        )
    else:
        return []
    why = f"the distribution moved by {value:.2f}, {_NAMES[statistic]}"
    return [Check("distance", statistic, value, spec.threshold, p_value, why)]


def _aligned(reference: ColumnProfile, window: ColumnProfile) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return both counts; where a sketch does not hold every label, those that the reference lacks count together."""
    pair = (reference, window)
    if all(sum(side.counts.values()) == side.present for side in pair):
        return reference.counts, window.counts
    names = reference.counts.keys()
    kept = [{name: times for name, times in side.counts.items() if name in names} for side in pair]
    return tuple(
        {**counts, "\0rest": side.present - sum(counts.values())} for counts, side in zip(kept, pair, strict=True)
    )  # type: ignore[return-value]


def ask_unseen(reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec) -> list[Check]:
    """Test whether more values are new than sampling explains.

    The chance that the next value was never seen is about the share of values seen exactly once.

    Source:
        I. J. Good, The population frequencies of species and the estimation of population parameters, Biometrika 40
        (1953).
    """
    if expected.known is None or window.kind not in ("category", "identifier"):
        return []
    count = unseen(window, expected.known)
    value, p_value = count / window.present, 1.0
    if value > spec.unseen:
        p_value = excess_p_value(count, window.present, reference.once + 1, reference.present - reference.once + 1)
    return [
        Check(
            "unseen",
            "unseen_share",
            value,
            spec.unseen,
            p_value,
            f"{percent(value, 0)} of the values never occurred in training",
        )
    ]


def ask_range(reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec) -> list[Check]:
    """Test whether more values lie outside training's range than are tolerated."""
    ends = limits(reference, expected)
    if ends is None or window.kind not in ("number", "date"):
        return []
    value, p_value = outside(window, *ends), 1.0
    if value > spec.out_of_range:
        p_value = excess_p_value(round(value * window.present), window.present, 2, max(1, reference.present - 1))
    why = f"{percent(value, 0)} of the values lie outside the range of training"
    return [Check("range", "out_of_range_share", value, spec.out_of_range, p_value, why)]
