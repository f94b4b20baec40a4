"""Classification metrics as functions of row weights, shape (resamples, rows) to (resamples,); NaN where undefined."""

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.regression import Floats, Metric, mean
from schemas.base import Task
from schemas.metrics import NEED_PROBABILITIES

Codes = NDArray[np.int64]

CALIBRATION_BINS = 10
# Scikit-learn's bound for float64: a probability of 0 costs 36, and no row makes the mean infinite.
CLIP = float(np.finfo(np.float64).eps)


def metrics_of_classes(task: Task, target: Codes, codes: Codes, probabilities: Floats | None) -> dict[str, Metric]:
    """Return the metrics of predicted `codes`, (n,), and `probabilities`, (n, classes) or None, against `target`, (n,).

    A target of -1 (a class that training did not see) and a prediction of -1 (abstained) are classes of their own and
    never right.
    """
    highest = int(max(target.max(initial=1), codes.max(initial=1)))
    classes = highest + 1 if probabilities is None else probabilities.shape[1]
    truth, chosen = np.where(target < 0, classes, target), np.where(codes < 0, classes + 1, codes)
    counts = _Counts(truth, chosen, classes + 2)
    metrics: dict[str, Metric] = {
        "accuracy": mean((truth == chosen).astype(np.float64)),
        "balanced_accuracy": lambda weights: _nanmean(counts.recall(weights)),
    }
    if task == "binary":
        metrics["f1"] = lambda weights: counts.f1(weights)[:, 1]
    else:
        metrics["f1_macro"] = lambda weights: _nanmean(counts.f1(weights))
    return metrics | _graded(task, truth, chosen, codes >= 0, probabilities)


def calibration(confidence: Floats, correct: Floats) -> tuple[Floats, Floats, Codes]:
    """Return mean confidence, share correct and rows for each bin of equal width over (0, 1]; NaN in empty bins."""
    place = _bins(confidence)
    rows = np.bincount(place, minlength=CALIBRATION_BINS)
    with np.errstate(invalid="ignore"):
        sure = np.bincount(place, confidence, minlength=CALIBRATION_BINS) / rows
        right = np.bincount(place, correct, minlength=CALIBRATION_BINS) / rows
    return sure, right, rows


class _Counts:
    """Hits, support and predictions of every class, from which recall and F1 follow."""

    def __init__(self, truth: Codes, chosen: Codes, classes: int) -> None:
        self._truth, self._chosen, self._classes = truth, chosen, classes
        self._right = (truth == chosen).astype(np.float64)

    def recall(self, weights: Floats) -> Floats:
        """Return the recall of every class, NaN where it has no row; (resamples, classes)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._per_class(weights * self._right, self._truth) / self._per_class(weights, self._truth)

    def f1(self, weights: Floats) -> Floats:
        """Return the F1 of every class, NaN where it is neither real nor predicted; (resamples, classes)."""
        hits = self._per_class(weights * self._right, self._truth)
        named = self._per_class(weights, self._truth) + self._per_class(weights, self._chosen)
        with np.errstate(divide="ignore", invalid="ignore"):
            return 2 * hits / named

    def _per_class(self, weights: Floats, codes: Codes) -> Floats:
        resamples = len(weights)
        place = (codes[None, :] + np.arange(resamples)[:, None] * self._classes).ravel()
        sums: Floats = np.bincount(place, weights.ravel(), minlength=resamples * self._classes).astype(np.float64)
        return sums.reshape(resamples, self._classes)


def _abstaining(truth: Codes, chosen: Codes, predicted: NDArray[np.bool_]) -> dict[str, Metric]:
    """The share of rows predicted at all, and of those the share right."""
    share, right = predicted.astype(np.float64), (predicted & (truth == chosen)).astype(np.float64)

    def accuracy(weights: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = (weights @ right) / (weights @ share)
        return found

    return {"coverage": mean(share), "answered_accuracy": accuracy}


def _graded(
    task: Task, truth: Codes, chosen: Codes, predicted: NDArray[np.bool_], probabilities: Floats | None
) -> dict[str, Metric]:
    if probabilities is None:
        return _abstaining(truth, chosen, predicted) | dict.fromkeys(NEED_PROBABILITIES, _undefined)
    padded = np.hstack([probabilities, np.zeros((len(truth), 2))])
    own = np.take_along_axis(padded, truth[:, None], axis=1)[:, 0]
    confidence = np.take_along_axis(padded, chosen[:, None], axis=1)[:, 0]
    ranked = [1] if task == "binary" else range(probabilities.shape[1])
    areas = [_roc_auc(probabilities[:, code], truth == code) for code in ranked]
    return {
        # The mean over all classes, each against the rest; NaN, as in scikit-learn, when one of them has no row.
        "roc_auc": lambda weights: np.mean([area(weights) for area in areas], axis=0),
        "log_loss": mean(-np.log(np.clip(own, CLIP, 1 - CLIP))),
        "expected_calibration_error": _calibration_error(confidence, (truth == chosen).astype(np.float64)),
    }


def _undefined(weights: Floats) -> Floats:
    return np.full(len(weights), np.nan)


def _nanmean(values: Floats) -> Floats:
    defined = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        means: Floats = np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)
    return means


def _roc_auc(score: Floats, positive: NDArray[np.bool_]) -> Metric:
    """The share of pairs of a positive and a negative row that the score puts in order, ties counting half."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])

    def area(weights: Floats) -> Floats:
        ordered = weights[:, order]
        ups = np.add.reduceat(ordered * positive[order], starts, axis=1)
        downs = np.add.reduceat(ordered * ~positive[order], starts, axis=1)
        below = np.cumsum(downs, axis=1) - downs / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = (ups * below).sum(axis=1) / (ups.sum(axis=1) * downs.sum(axis=1))
        return share

    return area


def _calibration_error(confidence: Floats, correct: Floats) -> Metric:
    """The gap between confidence in the chosen class and the share correct, over bins, weighted by their rows.

    Source:
        C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 5, with 10 bins of equal width.
    """
    gaps = np.eye(CALIBRATION_BINS)[_bins(confidence)] * (correct - confidence)[:, None]
    return lambda weights: np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)


def _bins(confidence: Floats) -> Codes:
    place: Codes = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1)
    return place
