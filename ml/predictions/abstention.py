"""Which predictions are routed to review: those less sure than a threshold chosen on the validation set."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import needs_review
from ml.predictions.predictor import Predictions
from schemas.numbers import percent
from schemas.review import ReviewRecord
from schemas.run import ReviewSpec
from schemas.signature import Signature

EVERY = 1.01
"""The threshold of a model that is never sure enough: no probability reaches it."""
CERTAINTY = 0.9
"""How probable it is that the error among the confident predictions is within its bound."""
_PLACES = 20  # so few thresholds are tried that the luckiest of them is still nearly as certain


def choose(spec: ReviewSpec, target: NDArray[Any], predictions: Predictions) -> ReviewRecord:
    """Return the lowest threshold at which the predictions that reach it are almost surely wrong as seldom as declared.

    Args:
        spec: The share of wrong predictions tolerated, and the fewest rows that a threshold may rest on.
        target: Class positions of the validation rows, (n,); -1 for a class that training did not see.
        predictions: The trained object's predictions for the same rows.

    Source:
        C. K. Chow, On optimum recognition error and reject tradeoff, IEEE Trans. Information Theory 16 (1970): a
        classifier rejects where its largest posterior is below a threshold.
    """
    assert predictions.codes is not None, "only classes are reviewed"
    wrong = (predictions.codes != target) | (target < 0)
    if predictions.probabilities is None:
        return _of_abstaining(spec, wrong, predictions.codes >= 0)
    confidence = predictions.probabilities.max(axis=1, initial=0.0)
    order = np.argsort(-confidence, kind="stable")
    sure, errors = confidence[order], np.cumsum(wrong[order])
    for count in _places(sure):
        bound = error_bound(int(errors[count - 1]), count)
        if count >= spec.min_rows and bound <= spec.max_error:
            return _of_threshold(spec, sure, count, int(errors[count - 1]), bound)
    return _of_no_threshold(spec, len(target))


def error_bound(wrong: int, rows: int) -> float:
    """Return the share of wrong predictions that is not exceeded, as `wrong` of `rows` show with the certainty above.

    Source:
        C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the
        binomial, Biometrika 26 (1934): the exact upper limit.
    """
    from scipy.stats import beta

    return float(beta.ppf(CERTAINTY, wrong + 1, rows - wrong)) if wrong < rows else 1.0


def _places(sure: NDArray[Any]) -> list[int]:
    """Return how many of the surest rows may be taken, the most first: twentieths, equally sure rows together."""
    rows = len(sure)
    if not rows:
        return []
    ends = np.flatnonzero(np.append(sure[1:] < sure[:-1], True)) + 1
    wanted = -(-rows * np.arange(1, _PLACES + 1) // _PLACES)
    return [int(count) for count in np.unique(ends[np.searchsorted(ends, wanted)])[::-1]]


def _of_threshold(spec: ReviewSpec, sure: NDArray[Any], count: int, wrong: int, bound: float) -> ReviewRecord:
    rows = len(sure)
    between = float(sure[count - 1] + sure[min(count, rows - 1)]) / 2
    threshold = 0.0 if count == rows else between if between > sure[count] else float(sure[count - 1])
    why = (
        f"{wrong} of the {count} validation predictions that are at least {threshold:.3g} sure are wrong: "
        f"{_error_text(spec, wrong, count)}; {rows - count} of {rows} are routed to review"
    )
    return _record(spec, threshold, rows, wrong / count, bound, (rows - count) / rows, why)


def _of_no_threshold(spec: ReviewSpec, rows: int) -> ReviewRecord:
    least, needed = f"{spec.min_rows} or more of the {rows} validation rows", _fewest(spec.max_error)
    hint = f"; that takes {needed} rows or more, all of them right" if rows < needed else ""
    why = (
        f"no threshold keeps the error among {least} within {percent(spec.max_error)} with {percent(CERTAINTY, 0)} "
        f"confidence{hint}: every prediction is routed to review"
    )
    return _record(spec, EVERY, rows, None, None, 1.0, why)


def _of_abstaining(spec: ReviewSpec, wrong: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> ReviewRecord:
    """Record what a model without probabilities does by itself: there is no threshold to choose."""
    rows, given = len(wrong), int(predicted.sum())
    missed = int(wrong[predicted].sum())
    bound = error_bound(missed, given)
    failing = "" if bound <= spec.max_error else "review.max_error cannot be kept: "
    why = (
        f"{failing}the model gives no probabilities, so only what it abstains from is routed to review, {rows - given} "
        f"of {rows} validation rows; {missed} of the {given} predictions made are wrong"
    )
    why += f": {_error_text(spec, missed, given)}" if given else ""
    return _record(spec, None, rows, missed / given if given else None, bound, (rows - given) / max(rows, 1), why)


def _error_text(spec: ReviewSpec, wrong: int, count: int) -> str:
    bound = error_bound(wrong, count)
    return (
        f"error {percent(wrong / count)}, at most {percent(bound)} with {percent(CERTAINTY, 0)} confidence "
        f"({percent(spec.max_error)} was asked for)"
    )


def _fewest(most: float) -> int:
    return math.ceil(math.log(1 - CERTAINTY) / math.log1p(-most))


def measure(threshold: float | None, target: NDArray[Any], predictions: Predictions) -> tuple[float, float | None]:
    """Return the share of rows routed to review, and the error among the others (None when there are none).

    Rows below `threshold` are routed to review, and those that the model abstains from. The test set shows whether a
    threshold chosen on the validation set keeps its promise.
    """
    assert predictions.codes is not None, "only classes are reviewed"
    kept = ~needs_review(predictions, threshold)
    wrong = predictions.codes != target
    return float(1 - kept.mean()) if len(kept) else 0.0, float(wrong[kept].mean()) if kept.any() else None


def review_notes(record: ReviewRecord | None, target: NDArray[Any], predictions: Predictions) -> list[str]:
    """Return sentences for a person: how the threshold was chosen, and whether it keeps its promise on the test set."""
    if record is None:
        return []
    why = f"{record.why if record.why.startswith('review.') else record.why[:1].upper() + record.why[1:]}."
    routed, error = measure(record.threshold, target, predictions)
    kept = "nothing is left" if error is None else f"{percent(error)} of the others are wrong"
    return [why, f"On the test set {percent(routed)} are routed to review, and {kept}."]


def with_threshold(signature: Signature, record: ReviewRecord | None) -> Signature:
    """Return the signature with the chosen threshold; without one it stays as it is."""
    if record is None or record.threshold is None:
        return signature
    output = signature.output.model_copy(update={"review_threshold": record.threshold})
    return signature.model_copy(update={"output": output})


def _record(
    spec: ReviewSpec,
    threshold: float | None,
    rows: int,
    error: float | None,
    bound: float | None,
    routed: float,
    why: str,
) -> ReviewRecord:
    return ReviewRecord(
        max_error=spec.max_error,
        threshold=threshold,
        rows=rows,
        confident_error=error,
        error_bound=bound,
        handed_over=routed,
        why=why,
    )
