"""One column of a window against that of the reference: what is certain, and what only statistics can tell."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.column_profile import ColumnProfile, Numbers
from ml.drift_statistics import excess_p_value, homogeneity_p_value, kolmogorov_p_value, total_variation
from ml.observed import READS, TypeName
from ml.profiles import UNKNOWN
from schemas.monitoring import Verdict
from schemas.run import MonitorSpec

FEWEST_VALUES = 10
"""A column with fewer present values in the window is not judged by its distribution."""
_GRID = 2049
_NAMES = {"kolmogorov_smirnov": "Kolmogorov-Smirnov distance", "total_variation": "total variation distance"}
_NUMERIC: frozenset[TypeName] = frozenset({"integral", "fractional"})


@dataclass(frozen=True)
class Check:
    """One question asked of a column: it alarms when `value` is above `tolerance` and chance alone is improbable."""

    name: Literal["distance", "missing", "unseen", "range"]
    statistic: str
    value: float
    tolerance: float
    p_value: float
    says: str


@dataclass(frozen=True)
class Expected:
    """What training says of a column: the labels it knew (None: any is valid), its range (None: the reference's).

    A nullable column may be left out of a row.
    """

    known: Collection[str] | None = None
    range: tuple[float, float] | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Examined:
    """`settled` is a verdict that no statistic can change; `otherwise` the verdict when no check alarms."""

    column: str
    reference: ColumnProfile | None
    window: ColumnProfile | None
    expected: Expected
    why: str
    settled: Verdict | None = None
    otherwise: Verdict = "ok"
    checks: list[Check] = field(default_factory=list)


_DATES = "dates move on by themselves; these are neither before training nor far beyond it"


def examine(
    name: str,
    reference: ColumnProfile | None,
    window: ColumnProfile | None,
    expected: Expected,
    rows: int,
    spec: MonitorSpec,
) -> Examined:
    """Settle what is certain of a column, else ask what can be asked. `rows` counts the rows of the whole window."""
    settled = _settled(reference, window, expected, rows, spec)
    if settled is not None:
        return Examined(name, reference, window, expected, settled=settled[0], why=settled[1])
    assert reference is not None and window is not None
    checks = [_missing(reference, window, spec)]
    enough = window.present >= FEWEST_VALUES
    if enough and window.kind == "date":
        # Time moves on by itself: that a window is later than training says little of the model's inputs.
        checks += _range(reference, window, _in_time(reference, expected), spec)
        return Examined(name, reference, window, expected, checks=checks, otherwise="ok", why=_DATES)
    if enough:
        checks += [*_distance(reference, window, spec), *_unseen(reference, window, expected, spec)]
        checks += _range(reference, window, expected, spec)
    judged = any(check.name in ("distance", "unseen") for check in checks)
    few = f"only {window.present} of {rows} rows have a usable value: too few to compare"
    return Examined(
        name,
        reference,
        window,
        expected,
        checks=checks,
        otherwise="ok" if judged else "no_verdict",
        why="distributed as in training" if judged else few,
    )


def _settled(
    reference: ColumnProfile | None, window: ColumnProfile | None, expected: Expected, rows: int, spec: MonitorSpec
) -> tuple[Verdict, str] | None:
    if rows == 0:
        return "no_verdict", "the window has no rows"
    if window is None and expected.nullable and rows < spec.min_rows:
        return "no_verdict", f"none of the {rows} rows has this column, and a verdict needs {spec.min_rows} rows"
    if window is None:
        return "schema_alarm", f"none of the {rows} rows has this column"
    wrong = {name: times for name, times in window.types.items() if times and name not in READS[window.kind]}
    if wrong:
        return "schema_alarm", f"{sum(wrong.values())} of {rows} values are no {window.kind} but {', '.join(wrong)}"
    if reference is not None and _type_changed(reference, window, expected):
        return "schema_alarm", f"the values were {_types(reference)} in training and are {_types(window)} now"
    if rows < spec.min_rows:
        return "no_verdict", f"only {rows} rows, fewer than the {spec.min_rows} that a verdict needs"
    had_values = reference is not None and reference.present > 0
    if window.present == 0:
        return (
            ("schema_alarm", "no row has a value; training had some")
            if had_values
            else ("no_verdict", "no values at all")
        )
    return None if had_values else ("no_verdict", "training had no values to compare with")


def _type_changed(reference: ColumnProfile, window: ColumnProfile, expected: Expected) -> bool:
    """Whether some labels are certainly both of a type that training never had and unknown; 3 for "3" is no change."""
    if window.kind not in ("category", "identifier") or expected.known is None:
        return False
    allowed = {name for name, times in reference.types.items() if times}
    allowed |= _NUMERIC if allowed & _NUMERIC else set()
    foreign = sum(times for name, times in window.types.items() if name not in allowed)
    return bool(allowed) and foreign + unseen(window, expected.known) > window.present


def _types(column: ColumnProfile) -> str:
    return " and ".join(name for name, times in column.types.items() if times)


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


def _in_time(reference: ColumnProfile, expected: Expected) -> Expected:
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


def _missing(reference: ColumnProfile, window: ColumnProfile, spec: MonitorSpec) -> Check:
    now, before = window.missing / window.rows, reference.missing / reference.rows
    value, p_value = abs(now - before), 1.0
    if value > spec.threshold:
        count, hits = (window.missing, reference.missing) if now > before else (window.present, reference.present)
        p_value = min(1.0, 2 * excess_p_value(count, window.rows, hits + 1, reference.rows - hits + 1))
    says = f"{now:.0%} of the values are missing, {before:.0%} were in training"
    return Check("missing", "missing_share", value, spec.threshold, p_value, says)


def _distance(reference: ColumnProfile, window: ColumnProfile, spec: MonitorSpec) -> list[Check]:
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
    says = f"the distribution moved by {value:.2f} ({_NAMES[statistic]})"
    return [Check("distance", statistic, value, spec.threshold, p_value, says)]


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


def _unseen(reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec) -> list[Check]:
    """Ask whether more values are new than sampling explains.

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
            f"{value:.0%} of the values never occurred in training",
        )
    ]


def _range(reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec) -> list[Check]:
    ends = limits(reference, expected)
    if ends is None or window.kind not in ("number", "date"):
        return []
    value, p_value = outside(window, *ends), 1.0
    if value > spec.out_of_range:
        p_value = excess_p_value(round(value * window.present), window.present, 2, max(1, reference.present - 1))
    says = f"{value:.0%} of the values lie outside the range of training"
    return [Check("range", "out_of_range_share", value, spec.out_of_range, p_value, says)]
