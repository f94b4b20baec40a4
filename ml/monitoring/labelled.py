"""Predictions whose labels have arrived, and both as the numbers that metrics are made of."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import Predictions
from ml.values.canonical import canonical
from schemas.base import Scalar, Task
from schemas.signature import Output

Prediction = Mapping[str, Any]


@dataclass(frozen=True)
class Labelled:
    """Predictions of one version that have a label, in order of time, as columns of equal length.

    `times` are seconds since the epoch, `answers` as the journal has them, `labels` the latest of each prediction. Of
    the version's `predictions` from the first of these on, labelled or not, `handed_over` needed review.
    """

    version: str
    times: list[float]
    answers: Sequence[Prediction]
    labels: list[Any]
    needs_review: list[bool]
    predictions: int
    handed_over: int

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Encoded:
    """`target` and `answers` as `ml.evaluation.metrics` takes them, for the pairs that can be compared."""

    task: Task
    target: NDArray[Any]
    answers: Predictions

    def __len__(self) -> int:
        return len(self.target)


def encode(found: Labelled, output: Output) -> Encoded:
    """Turn predictions and labels into numbers; never raises for what they hold.

    Args:
        found: Predictions and labels. A pair is left out when it cannot be compared: a label that is no scalar, or, of
            a regression, a prediction or a label that is no finite number.
        output: What the version predicts; of a version with other classes the predictions themselves name them.

    Returns:
        Classes as positions, -1 for a label that is none of them (never right) and for an abstention. Probabilities
        are None unless every prediction has one for each class.
    """
    if "value" in found.answers[0] if found.answers else output.classes is None:
        return _values(found)
    usable = [_is_scalar(label) for label in found.labels]
    answers = [answer for answer, fits in zip(found.answers, usable, strict=True) if fits]
    labels = [label for label, fits in zip(found.labels, usable, strict=True) if fits]
    task, classes = _task_and_classes(answers, labels, output)
    chosen = _codes([answer.get("label") for answer in answers], classes)
    return Encoded(task, _codes(labels, classes), Predictions(chosen, _probabilities(answers, classes)))


def _values(found: Labelled) -> Encoded:
    both = [
        (_finite(answer.get("value")), _finite(label))
        for answer, label in zip(found.answers, found.labels, strict=True)
    ]
    pairs = np.array([pair for pair in both if None not in pair], dtype=np.float64).reshape(-1, 2)
    return Encoded("regression", pairs[:, 1], Predictions(values=pairs[:, 0]))


def _task_and_classes(
    answers: Sequence[Prediction], labels: Sequence[Scalar], output: Output
) -> tuple[Task, list[Scalar]]:
    declared = list(output.classes or [])
    offered = [list(answer["probabilities"]) for answer in answers if isinstance(answer.get("probabilities"), Mapping)]
    answered = {canonical(answer["label"]) for answer in answers if _is_scalar(answer.get("label"))}
    keys, names = [str(name) for name in declared], {canonical(name) for name in declared}
    if declared and (offered[0] == keys if offered else answered <= names):
        return output.task, declared
    classes = list(offered[0]) if offered else sorted(answered | {canonical(label) for label in labels})
    return "binary" if len(classes) == 2 else "multiclass", list(classes)


def _codes(values: Sequence[Any], classes: Sequence[Scalar]) -> NDArray[np.int64]:
    places = {text: code for code, name in enumerate(classes) for text in (str(name), canonical(name))}
    found = [places.get(canonical(value), places.get(str(value), -1)) if _is_scalar(value) else -1 for value in values]
    return np.array(found, dtype=np.int64)


def _probabilities(answers: Sequence[Prediction], classes: Sequence[Scalar]) -> NDArray[np.float64] | None:
    keys = [str(name) for name in classes]
    rows = [_row(answer.get("probabilities"), keys) for answer in answers]
    complete = [row for row in rows if row is not None]
    if not rows or not keys or len(complete) < len(rows):
        return None
    return np.array(complete, dtype=np.float64)


def _row(probabilities: Any, keys: Sequence[str]) -> list[float] | None:
    if not isinstance(probabilities, Mapping):
        return None
    row = [_finite(probabilities.get(key)) for key in keys]
    return [value for value in row if value is not None] if None not in row else None


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)
