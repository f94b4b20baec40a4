"""Which answers are handed to a person: those less sure than a threshold chosen on the validation set."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.answers import Answers
from schemas.data import Problem
from schemas.errors import ContentError
from schemas.review import ReviewRecord
from schemas.run import ReviewSpec
from schemas.signature import Signature

EVERY = 1.01
"""The threshold of a model that is never sure enough: no probability reaches it."""


def require_confidence(spec: ReviewSpec | None, problem: Problem) -> None:
    """Raise ContentError when a threshold is asked for and the task turned out to have none."""
    if spec is not None and problem.task == "regression":
        raise ContentError(
            "review.max_error: a regression answers values, and a value has no probability to be sure of; leave it out"
        )


def choose(spec: ReviewSpec, target: NDArray[Any], answers: Answers) -> ReviewRecord:
    """Return the lowest threshold at which the answers that reach it are wrong at most as often as declared.

    Args:
        spec: The share of wrong answers tolerated, and the fewest rows that a threshold may rest on.
        target: Class positions of the validation rows, (n,); -1 for a class that training did not see.
        answers: The trained object's answers to the same rows.

    Source:
        C. K. Chow, On optimum recognition error and reject tradeoff, IEEE Trans. Information Theory 16 (1970): a
        classifier rejects where its largest posterior is below a threshold.
    """
    rows = len(target)
    if answers.probabilities is None or answers.codes is None:
        why = "the model gives no probabilities, so that only what it abstains from is handed over"
        abstained = 0 if answers.codes is None else int((answers.codes < 0).sum())
        return _record(spec, None, rows, None, abstained / rows if rows else 0.0, why)
    confidence = answers.probabilities.max(axis=1, initial=0.0)
    wrong = (answers.codes != target) | (target < 0)
    order = np.argsort(-confidence, kind="stable")
    sure, errors = confidence[order], np.cumsum(wrong[order])
    taken = np.arange(1, rows + 1)
    # Equally sure answers are taken together, so that no threshold parts them.
    last_of_its_value = np.append(sure[1:] < sure[:-1], True)[:rows]
    fits = last_of_its_value & (errors <= spec.max_error * taken) & (taken >= spec.min_rows)
    if not fits.any():
        least = f"{spec.min_rows} or more of the {rows} validation rows"
        why = f"no threshold keeps the error among {least} within {spec.max_error:g}: every answer is handed over"
        return _record(spec, EVERY, rows, None, 1.0, why)
    count = int(taken[fits][-1])
    between = float(sure[count - 1] + sure[min(count, rows - 1)]) / 2
    threshold = 0.0 if count == rows else between if between > sure[count] else float(sure[count - 1])
    error = float(errors[count - 1]) / count
    why = (
        f"{errors[count - 1]} of the {count} validation answers that are at least {threshold:.3g} sure are wrong "
        f"({error:.1%}, at most {spec.max_error:.1%} was asked for); {rows - count} of {rows} are handed over"
    )
    return _record(spec, threshold, rows, error, (rows - count) / rows, why)


def measure(threshold: float, target: NDArray[Any], answers: Answers) -> tuple[float, float | None]:
    """Return the share of rows handed over at `threshold`, and the error among the others (None when there are none).

    The test set shows whether a threshold chosen on the validation set keeps its promise.
    """
    assert answers.probabilities is not None and answers.codes is not None, "a threshold needs probabilities"
    kept = answers.probabilities.max(axis=1, initial=0.0) >= threshold
    wrong = answers.codes != target
    return float(1 - kept.mean()) if len(kept) else 0.0, float(wrong[kept].mean()) if kept.any() else None


def told(record: ReviewRecord | None, target: NDArray[Any], answers: Answers) -> list[str]:
    """Return sentences for a person: how the threshold was chosen, and whether it keeps its promise on the test set."""
    if record is None:
        return []
    why = f"{record.why[:1].upper()}{record.why[1:]}."
    if record.threshold is None or answers.probabilities is None:
        return [why]
    handed_over, error = measure(record.threshold, target, answers)
    kept = "nothing is left" if error is None else f"{error:.1%} of the others are wrong"
    return [why, f"On the test set {handed_over:.1%} are handed over, and {kept}."]


def with_threshold(signature: Signature, record: ReviewRecord | None) -> Signature:
    """Return the signature with the chosen threshold; without one it stays as it is."""
    if record is None or record.threshold is None:
        return signature
    output = signature.output.model_copy(update={"review_threshold": record.threshold})
    return signature.model_copy(update={"output": output})


def _record(
    spec: ReviewSpec, threshold: float | None, rows: int, error: float | None, handed_over: float, why: str
) -> ReviewRecord:
    return ReviewRecord(
        max_error=spec.max_error,
        threshold=threshold,
        rows=rows,
        confident_error=error,
        handed_over=handed_over,
        why=why,
    )
