"""How often the values of a column occur."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.explore.typed_column import Reading
from ml.values.display import readable
from schemas.exploration import Bars, Numbers, Span
from schemas.numbers import shown

BINS, LABELS, FEW = 24, 10, 12
"""Bars of a histogram; labels listed; so many different whole numbers or fewer get a bar each."""
_TAIL = 0.005
_STRETCH = 3.0
"""Values beyond the central 99 % go into the outer bars when they would stretch the axis by more than this."""


def bars(reading: Reading) -> Bars | None:
    """Return the column's distribution; None where no value is known."""
    known = ~reading.missing
    if not known.any():
        return None
    if reading.numbers is not None:
        return number_bars(reading.numbers[known], dates=reading.column.type == "date")
    assert reading.codes is not None
    return label_bars(reading.codes[known], reading.labels, ordered=reading.column.type == "boolean")


def number_bars(numbers: NDArray[np.float64], *, dates: bool = False) -> Bars:
    """Return the histogram of known numbers, shape (n,), or one bar for each where they are few whole ones."""
    distinct = np.unique(numbers)
    if not dates and len(distinct) <= FEW and np.array_equal(distinct, np.floor(distinct)):
        counts = np.searchsorted(np.sort(numbers), distinct, side="right")
        return Bars(
            kind="labels", counts=np.diff(counts, prepend=0).tolist(), labels=[shown(value) for value in distinct]
        )
    kind: Literal["dates", "numbers"] = "dates" if dates else "numbers"
    low, high = float(distinct[0]), float(distinct[-1])
    inner_low, inner_high = np.quantile(numbers, [_TAIL, 1 - _TAIL]).tolist()
    clipped = inner_high > inner_low and high - low > _STRETCH * (inner_high - inner_low)
    if clipped:
        low, high = inner_low, inner_high
    if not 0 < high - low < 1e300:
        return Bars(kind=kind, counts=[len(numbers)], edges=[low, high])
    edges = np.linspace(low, high, BINS + 1)
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS).tolist()
    return Bars(kind=kind, counts=counts, edges=edges.tolist(), clipped=clipped)


def label_bars(codes: NDArray[np.int64], labels: list[str], *, most: int = LABELS, ordered: bool = False) -> Bars:
    """Return the counts of the most frequent labels, or of all in their own order; ties go by the label."""
    counts = np.bincount(codes, minlength=len(labels))
    listed = range(len(labels)) if ordered else ranked(counts, labels)[:most]
    return Bars(
        kind="labels",
        counts=[int(counts[place]) for place in listed],
        labels=[readable(labels[place]) for place in listed],
        others=int(counts.sum() - sum(counts[place] for place in listed)),
    )


def ranked(counts: NDArray[np.int64], labels: list[str]) -> list[int]:
    """Return the positions of the labels that occur, most frequent first; ties go by the label."""
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist()
    return sorted(order, key=lambda place: (-int(counts[place]), labels[place]))


def summary(numbers: NDArray[np.float64]) -> Numbers | None:
    """Return the five-number summary of known numbers, shape (n,); None where there are none."""
    if not len(numbers):
        return None
    minimum, quarter, median, three, maximum = np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1]).tolist()
    with np.errstate(over="ignore"):  # numbers near the end of float64
        mean, deviation = float(numbers.mean()), float(numbers.std())
    return Numbers(
        minimum=minimum,
        quarter=quarter,
        median=median,
        three_quarters=three,
        maximum=maximum,
        mean=float(np.clip(mean, minimum, maximum)),
        deviation=_finite(deviation),
    )


def span(days: NDArray[np.float64]) -> Span | None:
    """Return the first, middle and last of known days, shape (n,); None where there are none."""
    from ml.explore.calendar import shown_day

    if not len(days):
        return None
    ordered = np.sort(days)
    timed = bool((np.floor(ordered) != ordered).any())
    first, middle, last = (shown_day(float(ordered[place]), timed=timed) for place in (0, len(ordered) // 2, -1))
    return Span(first=first, middle=middle, last=last)


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float(np.finfo(np.float64).max)
