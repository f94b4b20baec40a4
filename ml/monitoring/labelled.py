"""Predictions whose labels have arrived, and both as the numbers that metrics are made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.codec import (
    LABEL,
    LOWER,
    NAIVE,
    UPPER,
    VALUE,
    Record,
    class_keys,
    decode,
    encode_labels,
    finite_number,
    is_scalar,
    is_value,
)
from ml.predictions.predictor import Outlook, Predictions
from ml.validation.refusal import LARGEST_NUMBER
from ml.values.canonical import canonical
from schemas.base import Scalar, Task
from schemas.signature import Output


@dataclass(frozen=True)
class Labelled:
    """Predictions of one version that have a label, in order of time, as columns of equal length.

    `times` are seconds since the epoch, `records` as the journal has them, `labels` the latest of each prediction. Of
    the version's `predictions` from the first of these on, labelled or not, `handed_over` needed review.
    """

    version: str
    times: list[float]
    records: Sequence[Record]
    labels: list[Any]
    needs_review: list[bool]
    predictions: int
    handed_over: int

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class LabelledArrays:
    """`target` and `predictions` as `ml.evaluation.metrics` takes them, for the pairs that can be compared."""

    task: Task
    target: NDArray[Any]
    predictions: Predictions

    def __len__(self) -> int:
        return len(self.target)


def encode(found: Labelled, output: Output) -> LabelledArrays:
    """Turn predictions and labels into numbers; never raises for what they hold.

    Args:
        found: Predictions and labels. A pair is left out when it cannot be compared: a label that is no scalar, or, of
            values, a prediction or a label that is no number between -3.4e38 and 3.4e38.
        output: What the version predicts; of a version with other classes the predictions themselves name them.

    Returns:
        Classes as positions, -1 for a label that is none of them (never right) and for an abstention. Probabilities
        are None unless every prediction has one for each class.
    """
    if output.task == "forecast":
        return _forecasts(found, output)
    if is_value(found.records[0]) if found.records else output.classes is None:
        return _values(found)
    usable = [is_scalar(label) for label in found.labels]
    records = [record for record, fits in zip(found.records, usable, strict=True) if fits]
    labels = [label for label, fits in zip(found.labels, usable, strict=True) if fits]
    task, classes = _task_and_classes(records, labels, output)
    return LabelledArrays(task, encode_labels(labels, classes), decode(records, classes))


def _values(found: Labelled) -> LabelledArrays:
    both = [
        (_comparable(record.get(VALUE)), _comparable(label))
        for record, label in zip(found.records, found.labels, strict=True)
    ]
    pairs = np.array([pair for pair in both if None not in pair], dtype=np.float64).reshape(-1, 2)
    return LabelledArrays("regression", pairs[:, 1], Predictions(values=pairs[:, 0]))


def _forecasts(found: Labelled, output: Output) -> LabelledArrays:
    """Return forecasts beside what came, which may be of the first steps only; those of another length are left out."""
    pairs = [
        (_steps(record.get(VALUE)), _steps(record.get(LOWER)), _steps(record.get(UPPER)), _steps(label), record)
        for record, label in zip(found.records, found.labels, strict=True)
    ]
    length = len(pairs[-1][0]) if pairs else 0
    kept = [pair for pair in pairs if len(pair[0]) == length > 0 and len(pair[3]) <= length]
    values, lower, upper, came = (
        np.array([[*pair[part], *[math.nan] * (length - len(pair[part]))] for pair in kept], dtype=np.float64).reshape(
            -1, length
        )
        for part in range(4)
    )
    predictions = Predictions(values=values, outlook=_outlook([pair[4] for pair in kept]))
    if output.forecast is not None:
        predictions = replace(predictions, level=output.forecast.level)
    if not (np.isnan(lower).any() or np.isnan(upper).any()):
        predictions = replace(predictions, lower=lower, upper=upper)
    return LabelledArrays("forecast", came, predictions)


def _outlook(records: Sequence[Record]) -> Outlook | None:
    """Return what errors of series are divided by, None where no record says it."""
    errors = [_comparable(record.get(NAIVE)) for record in records]
    if not any(NAIVE in record for record in records):
        return None
    naive = np.array([math.nan if error is None or error <= 0 else error for error in errors], dtype=np.float64)
    return Outlook(np.empty((len(records), 0), dtype="datetime64[us]"), naive)


def _steps(value: Any) -> list[float]:
    """Return the numbers of a list, NaN for what is none; none of anything else."""
    if not isinstance(value, list):
        return []
    numbers = (_comparable(one) for one in value)
    return [math.nan if number is None else number for number in numbers]


def _comparable(value: Any) -> float | None:
    """Return a number whose square is one too, None for anything else: one label must not take all metrics away."""
    number = finite_number(value)
    return None if number is None or abs(number) > LARGEST_NUMBER else number


def _task_and_classes(records: Sequence[Record], labels: Sequence[Scalar], output: Output) -> tuple[Task, list[Scalar]]:
    declared = list(output.classes or [])
    offered = [keys for record in records if (keys := class_keys(record)) is not None]
    predicted = {canonical(record[LABEL]) for record in records if is_scalar(record.get(LABEL))}
    keys, names = [str(name) for name in declared], {canonical(name) for name in declared}
    if declared and (offered[0] == keys if offered else predicted <= names):
        return output.task, declared
    classes = list(offered[0]) if offered else sorted(predicted | {canonical(label) for label in labels})
    return "binary" if len(classes) == 2 else "multiclass", list(classes)
