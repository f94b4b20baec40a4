"""The one codec of predictions: arrays to JSON records and to columns, and records back to arrays.

Light, the service imports it. A record is what the service answers for a row and what the journal keeps: `label`,
`probabilities` by class where the model gives them, `needs_review`; or `value`, `needs_review`. A label that is None:
the model abstained.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import decide, needs_review
from ml.predictions.predictor import Outlook, Predictions
from ml.values.canonical import canonical
from ml.values.instants import written_with_offsets
from schemas.base import Scalar
from schemas.signature import Output

VALUE, LABEL, PROBABILITIES, REVIEW, CONFIDENCE = "value", "label", "probabilities", "needs_review", "confidence"
TIMES, LOWER, UPPER, NAIVE = "times", "lower", "upper", "naive_error"
Record = Mapping[str, Any]
Column = Sequence[Any] | NDArray[Any]


@dataclass(slots=True)  # frozen costs a request of one row a microsecond
class Encoded:
    """A record, and whether a person should look, for each row."""

    records: list[dict[str, Any]]
    needs_review: list[bool]

    def __len__(self) -> int:
        return len(self.records)


class Encoder:
    """An output compiled once, for many calls of `encode`."""

    def __init__(self, output: Output) -> None:
        self._threshold = output.review_threshold
        self._labels: list[Scalar | None] = [*(output.classes or []), None]  # -1, an abstention, is the None at the end
        self._keys = [str(label) for label in output.classes or []]

    def encode(self, predictions: Predictions) -> Encoded:
        """Return the records of n predictions."""
        if predictions.values is not None and predictions.values.ndim == 2:
            return _forecasts(predictions)
        if predictions.values is not None:
            records = [{VALUE: value, REVIEW: False} for value in predictions.values.tolist()]
            return Encoded(records, [False] * len(records))
        labels = self.labels(predictions)
        if predictions.probabilities is None:
            review = needs_review(predictions, self._threshold).tolist()
            pairs = zip(labels, review, strict=True)
            return Encoded([{LABEL: label, REVIEW: one} for label, one in pairs], review)
        rows = predictions.probabilities.tolist()
        confidence = [max(row) if row else None for row in rows]
        review = [self._needs_review(*one) for one in zip(labels, confidence, strict=True)]
        records = [
            {LABEL: label, PROBABILITIES: dict(zip(self._keys, row, strict=True)), REVIEW: one}
            for label, row, one in zip(labels, rows, review, strict=True)
        ]
        return Encoded(records, review)

    def _needs_review(self, label: Scalar | None, confidence: float | None) -> bool:
        """Say of one row what `needs_review` says of many: NumPy takes longer for one than all else here."""
        return label is None or (self._threshold is not None and (confidence or 0.0) < self._threshold)

    def labels(self, predictions: Predictions) -> list[Scalar | None]:
        """Return the class of each row as the data has it, None where the model abstained."""
        assert predictions.codes is not None, "only classes have labels"
        return [self._labels[code] for code in predictions.codes.tolist()]

    def columns(self, predictions: Predictions) -> dict[str, Column]:
        """Return what profiles keep: `value`, or `label` and, where there are probabilities, `confidence`."""
        if predictions.values is not None:
            values = predictions.values
            return {VALUE: values.mean(axis=1) if values.ndim == 2 else values}
        found: dict[str, Column] = {LABEL: self.labels(predictions)}
        if predictions.probabilities is not None and predictions.probabilities.shape[1]:
            found[CONFIDENCE] = predictions.probabilities.max(axis=1)
        return found


def _forecasts(predictions: Predictions) -> Encoded:
    """Return records of forecasts: when each step is, its value, and the ends of its interval where there is one.

    They hold how wrong the naive forecast was within the history too: errors of series are compared by that, and the
    journal may keep no more of a history than its digest.
    """
    columns: dict[str, list[Any]] = {}
    if predictions.outlook is not None:
        columns[TIMES] = written(predictions.outlook)
    parts = {VALUE: predictions.values, LOWER: predictions.lower, UPPER: predictions.upper}
    columns |= {name: part.tolist() for name, part in parts.items() if part is not None}
    if predictions.outlook is not None:
        columns[NAIVE] = [error if math.isfinite(error) else None for error in predictions.outlook.naive.tolist()]
    rows = zip(*columns.values(), strict=True)
    records = [{**dict(zip(columns, row, strict=True)), REVIEW: False} for row in rows]
    return Encoded(records, [False] * len(records))


def written(outlook: Outlook) -> list[list[str]]:
    """Return when targets are as ISO 8601, (n, H): with the offset of their zone; of no zone, days without a time."""
    times = outlook.times
    if outlook.offsets is not None:
        texts: list[list[str]] = written_with_offsets(times, outlook.offsets).tolist()
        return texts
    whole = bool((times == times.astype("datetime64[D]")).all())
    found: list[list[str]] = np.datetime_as_string(times, unit="D" if whole else "s").tolist()
    return found


def finite(predictions: Predictions) -> NDArray[np.bool_]:
    """Return which rows hold finite numbers only, (n,): JSON cannot carry others."""
    if predictions.values is not None:
        known = np.isfinite(predictions.values)
        return np.asarray(known.all(axis=1) if known.ndim == 2 else known, dtype=np.bool_)
    assert predictions.codes is not None, "a prediction has codes or values"
    if predictions.probabilities is None:
        return np.ones(len(predictions.codes), dtype=bool)
    return np.asarray(np.isfinite(predictions.probabilities).all(axis=1), dtype=np.bool_)


def chosen(predictions: Predictions, rows: NDArray[np.bool_]) -> Predictions:
    """Return the predictions of the rows where `rows`, (n,), is true."""
    if rows.all():
        return predictions
    return Predictions(
        codes=None if predictions.codes is None else predictions.codes[rows],
        probabilities=None if predictions.probabilities is None else predictions.probabilities[rows],
        values=None if predictions.values is None else predictions.values[rows],
        lower=None if predictions.lower is None else predictions.lower[rows],
        upper=None if predictions.upper is None else predictions.upper[rows],
        level=predictions.level,
        outlook=None if predictions.outlook is None else predictions.outlook.chosen(rows),
    )


def is_finite(record: Record) -> bool:
    """Say whether a record of our own holds finite numbers only."""
    value = record.get(VALUE, 0.0)
    numbers = value if isinstance(value, list) else (value,)
    return all(map(math.isfinite, record[PROBABILITIES].values() if PROBABILITIES in record else numbers))


def is_value(record: Record) -> bool:
    """Say whether a record is of a regression or a forecast."""
    return VALUE in record


def is_forecast(record: Record) -> bool:
    """Say whether a record is of a forecast, whose value is a list."""
    return isinstance(record.get(VALUE), list)


def class_keys(record: Record) -> list[str] | None:
    """Return the classes that a record gives probabilities for, as text; None where it gives none."""
    offered = record.get(PROBABILITIES)
    return list(offered) if isinstance(offered, Mapping) else None


def record_columns(records: Sequence[Record], output: Output) -> dict[str, Sequence[Any]]:
    """Return what `Encoder.columns` gave for the predictions that the records were made of."""
    if output.task == "forecast":
        return {VALUE: [_mean(record.get(VALUE)) for record in records]}
    if output.task == "regression":
        return {VALUE: [record.get(VALUE) for record in records]}
    found: dict[str, Sequence[Any]] = {LABEL: [record.get(LABEL) for record in records]}
    confidence = [confidence_of(record) for record in records]
    return found if all(one is None for one in confidence) else {**found, CONFIDENCE: confidence}


def own_labels(records: Sequence[Record], output: Output) -> list[Any]:
    """Return labels, of two classes as the package's own threshold decides between their probabilities.

    An operator who moves the threshold changes what is answered, and nothing about the model.
    """
    labels, classes = [record.get(LABEL) for record in records], output.classes or []
    if len(classes) != 2 or output.task != "binary":
        return labels
    keys = [str(name) for name in classes]
    rows = [_row(record.get(PROBABILITIES), keys) for record in records]
    graded = [place for place, row in enumerate(rows) if row is not None and labels[place] is not None]
    if not graded:
        return labels
    codes = decide(np.array([rows[place] for place in graded], dtype=np.float64), output.decision_threshold)
    for place, code in zip(graded, codes.tolist(), strict=True):
        labels[place] = classes[code]
    return labels


def _mean(steps: Any) -> float | None:
    """Return the mean of a forecast's steps, None of what is none."""
    numbers = [finite_number(step) for step in steps] if isinstance(steps, list) else []
    known = [number for number in numbers if number is not None]
    return fmean(known) if known and len(known) == len(numbers) else None


def decode(records: Sequence[Record], classes: Sequence[Scalar]) -> Predictions:
    """Return records of classes as arrays; never raises for what they hold.

    A label that is none of `classes`, and an abstention, have the code -1. Probabilities are None unless every record
    has a finite one for each class.
    """
    return Predictions(
        encode_labels([record.get(LABEL) for record in records], classes), _probabilities(records, classes)
    )


def encode_labels(values: Sequence[Any], classes: Sequence[Scalar]) -> NDArray[np.int64]:
    """Return the positions of labels among `classes`, (n,), -1 for what is none of them."""
    places = {text: code for code, name in enumerate(classes) for text in (str(name), canonical(name))}
    found = [places.get(canonical(value), places.get(str(value), -1)) if is_scalar(value) else -1 for value in values]
    return np.array(found, dtype=np.int64)


def finite_number(value: Any) -> float | None:
    """Return a number that is finite as a float, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def is_scalar(value: Any) -> bool:
    """Say whether a label may be a class at all."""
    return isinstance(value, str | int | float)


def _probabilities(records: Sequence[Record], classes: Sequence[Scalar]) -> NDArray[np.float64] | None:
    keys = [str(name) for name in classes]
    rows = [_row(record.get(PROBABILITIES), keys) for record in records]
    complete = [row for row in rows if row is not None]
    if not rows or not keys or len(complete) < len(rows):
        return None
    return np.array(complete, dtype=np.float64)


def _row(probabilities: Any, keys: Sequence[str]) -> list[float] | None:
    if not isinstance(probabilities, Mapping):
        return None
    row = [finite_number(probabilities.get(key)) for key in keys]
    return [value for value in row if value is not None] if None not in row else None


def confidence_of(record: Record) -> float | None:
    """Return the largest probability of a record, None where it has none."""
    probabilities = record.get(PROBABILITIES)
    if not isinstance(probabilities, Mapping):
        return None
    return max((value for value in probabilities.values() if isinstance(value, int | float)), default=None)
