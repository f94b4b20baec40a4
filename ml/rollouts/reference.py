"""What the old version did before the rollout, and the bins that predictions of both are told by."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.rollouts.observations import Floats
from ml.rollouts.signals import QUANTILES
from schemas.rollout_state import Reference

BINS = 8
"""Bins of predictions: with more, a difference in one of them is found later."""


def reference(latency: Floats | None = None, bins: Floats | None = None, loss: Floats | None = None) -> Reference:
    """Summarise requests that the old version answered before; what there is nothing of will not be judged.

    Args:
        latency: Seconds of each request, (n,).
        bins: Shares of its rows by bin, (n, K).
        loss: Mean loss of each labelled request, (n,), clipped to 0 to 1.
    """
    return Reference(
        slow=[] if latency is None or not len(latency) else np.quantile(latency, QUANTILES).tolist(),
        bins=[] if bins is None or not len(bins) else bins.mean(axis=0).tolist(),
        loss=None if loss is None or not len(loss) else float(np.clip(loss, 0, 1).mean()),
    )


def edges(values: Floats, bins: int = BINS) -> Floats:
    """Return the ends between bins that hold about as many of the old version's values, fewer where many are equal."""
    finite = values[np.isfinite(values)]
    return np.unique(np.quantile(finite, np.arange(1, bins) / bins)) if len(finite) else np.empty(0)


def bins_of_values(values: Floats, ends: Floats) -> NDArray[np.intp]:
    """Return the bin of each value, (rows,), -1 of what is not finite; there is one bin more than ends."""
    return np.where(np.isfinite(values), np.searchsorted(ends, values, side="right"), -1)


def bins_of_classes(labels: Sequence[Hashable], classes: Sequence[Hashable]) -> NDArray[np.intp]:
    """Return the bin of each label, (rows,): its place among `classes`, -1 of others, such as an abstention.

    With many classes, name the most frequent ones only and give all others one label.
    """
    places = {label: place for place, label in enumerate(classes)}
    return np.array([places.get(label, -1) for label in labels], dtype=np.intp)


def shares(bins: NDArray[np.intp], requests: NDArray[np.intp], n: int, k: int) -> Floats:
    """Return the share of each request's rows in each bin, (n, k).

    Args:
        bins: The bin of each row, (rows,), -1 for none.
        requests: The request of each row, (rows,), from 0 to n - 1.
        n: How many requests.
        k: How many bins.
    """
    rows = np.bincount(requests, minlength=n)
    binned = bins >= 0
    counts = np.bincount(requests[binned] * k + bins[binned], minlength=n * k).reshape(n, k)
    return counts / np.maximum(rows, 1)[:, None]
