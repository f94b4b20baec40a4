"""What is asked of the two versions: each signal as questions whose answers lie between 0 and 1.

A question is a function of what a version did with one request. The null hypothesis of a signal is that for none of its
questions the new version's expected answer exceeds the old one's by more than the tolerance. The questions are:

- `error_rate`: did the request fail?
- `latency`: was it slower than a quantile of the old version's latencies? That no share of slow requests has grown by
  more than the tolerance is a bound on how far the distribution function may lie below the old one at these points, as
  in quantile tests of A/B experiments.
- `invalid`: which share of its rows got no valid prediction?
- `prediction_drift`: which share of its rows is predicted into a set of bins? The sets are single bins, and all bins
  up to or from one. No set's share can differ by more than the total variation distance between the versions, so a
  difference beyond the tolerance on any of them is one of the distance. What was not predicted is in no set.
- `quality`: how large is the loss?

Source:
    S. R. Howard and A. Ramdas, Sequential estimation of quantiles with applications to A/B testing and best-arm
    identification, Bernoulli 28 (2022), pages 1704-1728: quantiles compared by the indicators of being below them.
"""

from collections.abc import Callable

import numpy as np

from ml.rollouts.observations import Floats, Observations
from schemas.rollout import SIGNALS, Signal
from schemas.rollout_state import Reference

QUANTILES = (0.5, 0.9, 0.99)
"""Quantiles of the old version's latencies: what most requests, slow ones and the slowest ones take."""


def judged(reference: Reference, signals: tuple[Signal, ...] = SIGNALS) -> list[Signal]:
    """Return the signals that a reference lets be looked at."""
    return [signal for signal in signals if expected(signal, reference).size]


def expected(signal: Signal, reference: Reference) -> Floats:
    """Return what the old version's mean answers are about, (J,); of no question, the signal is not judged.

    Errors and invalid rows are rare, and 0 is near enough.
    """
    bins = np.asarray(reference.bins, dtype=np.float64)
    if signal == "latency":
        return 1 - np.asarray(QUANTILES[: len(reference.slow)], dtype=np.float64)
    if signal == "prediction_drift":
        return np.clip(_in_sets(bins[None]), 0, 1)[0] if len(bins) > 1 else np.empty(0)
    if signal == "quality":
        return np.empty(0) if reference.loss is None else np.array([reference.loss])
    return np.zeros(1)


def answers(signal: Signal, observations: Observations, reference: Reference) -> Floats:
    """Return the answers, (n, 2, J), from 0 to 1; NaN of a version that was not asked.

    Raises:
        ValueError: If predictions are told by other bins than before the rollout.
    """
    with np.errstate(invalid="ignore"):
        return np.clip(_ANSWERS[signal](observations, reference), 0.0, 1.0)


def _slow(observations: Observations, reference: Reference) -> Floats:
    latency = observations.latency[:, :, None]
    return np.where(np.isnan(latency), np.nan, latency > np.asarray(reference.slow))


def _predicted(observations: Observations, reference: Reference) -> Floats:
    bins, before = observations.bins.shape[2], len(reference.bins)
    if bins != before:
        raise ValueError(f"predictions are told by {bins} bins, and were by {before} before the rollout")
    return _in_sets(observations.bins)


_ANSWERS: dict[Signal, Callable[[Observations, Reference], Floats]] = {
    "error_rate": lambda observations, _: observations.failed[:, :, None],
    "latency": _slow,
    "invalid": lambda observations, _: observations.invalid[:, :, None],
    "prediction_drift": _predicted,
    "quality": lambda observations, _: observations.loss[:, :, None],
}


def _in_sets(bins: Floats) -> Floats:
    """Return the shares in each set of bins, (..., J), of shares by bin, (..., K), K at least 2.

    Sums run along the bins, one after another: how many rows there are must not change the last digit of any, as a
    product of matrices would, or a rollout that was interrupted could end otherwise than one that was not.
    """
    up_to = np.cumsum(bins, axis=-1)[..., :-1]
    from_there = np.cumsum(bins[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    return np.concatenate([up_to, from_there, bins[..., 1:-1]], axis=-1)


def names_of_sets(bins: int) -> list[str]:
    """Return what the sets of bins are called, in their order."""
    last = bins
    up_to = [f"bin {k}" if k == 1 else f"bins 1 to {k}" for k in range(1, last)]
    from_there = [f"bin {k}" if k == last else f"bins {k} to {last}" for k in range(2, last + 1)]
    return [*up_to, *from_there, *(f"bin {k}" for k in range(2, last))]
