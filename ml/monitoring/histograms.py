"""Distributions before and after, small enough for a page."""

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.column_profile import ColumnProfile, Numbers
from schemas.monitoring import Distribution

BINS = 20
LABELS = 12
_REST = "(all others)"


def distribution(column: str, reference: ColumnProfile | None, window: ColumnProfile | None) -> Distribution | None:
    """Return both sides' shares over common bins or labels, or None when neither side has values."""
    sides = (reference, window)
    kind = next((side.kind for side in sides if side is not None), None)
    if kind is None:
        return None
    numbers = [None if side is None else side.numbers for side in sides]
    if any(side is not None for side in numbers):
        edges = _edges([side for side in numbers if side is not None])
        before, now = (_bins(side, edges) for side in numbers)
        return Distribution(column=column, kind=kind, edges=edges.tolist(), reference=before, window=now)
    labels = _labels(sides)
    before, now = (_shares(side, labels) for side in sides)
    return Distribution(column=column, kind=kind, labels=labels, reference=before, window=now) if labels else None


def _edges(sides: list[Numbers]) -> NDArray[np.float64]:
    """Return ascending edges over what is common to see; far outliers fall into the outer bins."""
    ends = np.array([side.quantiles(np.array([0.005, 0.995])) for side in sides])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    half = np.linspace(low / 2, high / 2, BINS + 1) * 2  # the difference of the ends may be more than a float holds
    edges = np.unique(half)
    if len(edges) > 2:
        return edges
    width = max(0.5, abs(low) * 1e-3)
    return np.array([max(low - width, -np.finfo(float).max), min(high + width, np.finfo(float).max)])


def _bins(side: Numbers | None, edges: NDArray[np.float64]) -> list[float]:
    if side is None:
        return [0.0] * (len(edges) - 1)
    inner = side.share_below(edges[1:-1], inclusive=False) if len(edges) > 2 else np.empty(0)
    return _rounded(np.diff(np.concatenate([[0.0], inner, [1.0]])))


def _labels(sides: tuple[ColumnProfile | None, ColumnProfile | None]) -> list[str]:
    weights: dict[str, float] = {}
    for side in sides:
        for text, times in (side.counts if side is not None else {}).items():
            assert side is not None
            weights[text] = weights.get(text, 0.0) + times / side.present
    ranked = sorted(weights, key=lambda text: (-weights[text], text))
    return ranked if len(ranked) <= LABELS else [*ranked[: LABELS - 1], _REST]


def _shares(side: ColumnProfile | None, labels: list[str]) -> list[float]:
    if side is None or side.present == 0:
        return [0.0] * len(labels)
    shares = np.array([side.counts.get(text, 0) / side.present for text in labels])
    if labels and labels[-1] == _REST:
        shares[-1] = max(0.0, 1.0 - shares[:-1].sum())
    return _rounded(shares)


def _rounded(shares: NDArray[np.float64]) -> list[float]:
    return [float(share) for share in np.round(np.clip(shares, 0.0, 1.0), 5)]
