"""From the records that the journal keeps of predictions, and labels, to what versions are compared by.

Bins of predictions: classes by their text, values by the old version's quantiles, forecasts by the mean of their steps.
Losses from 0 to 1: of a class whether it is wrong, of a value the absolute error in parts of `Measure.scale`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.codec import LABEL, VALUE, finite_number, is_scalar, own_labels
from ml.rollouts.observations import Floats
from ml.rollouts.reference import BINS, bins_of_values, edges, shares
from ml.values.canonical import canonical
from schemas.rollout_state import Measure
from schemas.signature import Output

Record = Mapping[str, Any]
Labelled = tuple[Record, str]
"""A record, and its label as JSON."""
_FAR = 2.0  # of the old version's 90 % quantile of errors: what is that wrong is wholly wrong


def measure_of(requests: Sequence[Sequence[Record]], labelled: Sequence[Labelled]) -> Measure:
    """Return by what to compare with a version that predicted these records, of n requests, before."""
    rows = [record for request in requests for record in request]
    if any(VALUE in record for record in rows):
        values = _values(rows)
        return Measure(ends=edges(values).tolist(), scale=_scale(values, labelled))
    counts = Counter(_class(record) for record in rows)
    return Measure(classes=[name for name, _ in counts.most_common(BINS - 1)])


def as_decided(output: Output | None, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return records with the labels that the package's own threshold gives; without an output, as they are."""
    if output is None:
        return [dict(one) for one in records]
    return [{**one, LABEL: label} for one, label in zip(records, own_labels(records, output), strict=True)]


def count_of_bins(measure: Measure) -> int:
    """Return how many bins predictions are told by."""
    return len(measure.classes or measure.ends) + 1


def binned(measure: Measure, requests: Sequence[Sequence[Record]], rows: Sequence[int] | None = None) -> Floats:
    """Return the share of each request's rows in each bin, (n, K).

    Args:
        measure: As of the rollout.
        requests: The records of each request's rows that were predicted.
        rows: How many rows each has altogether; None: those.
    """
    n, k = len(requests), count_of_bins(measure)
    request = np.repeat(np.arange(n), [len(one) for one in requests])
    found = shares(_bins(measure, [record for one in requests for record in one]), request, n, k)
    if rows is None:
        return found
    known = np.array([len(one) for one in requests], dtype=np.float64)
    return np.asarray(found * (known / np.maximum(rows, np.maximum(known, 1)))[:, None])


def loss(measure: Measure, record: Record, label: str) -> float | None:
    """Return how wrong a prediction was, from 0 to 1; None where that cannot be told."""
    truth = _parsed(label)
    if VALUE not in record:
        return None if truth is None else float(_text(truth) is None or _class(record) != _text(truth))
    error = _error(record, truth)
    return None if error is None else min(error / measure.scale, 1.0)


def _bins(measure: Measure, rows: Sequence[Record]) -> NDArray[np.intp]:
    if not measure.classes:
        return bins_of_values(_values(rows), np.asarray(measure.ends))
    places = {name: place for place, name in enumerate(measure.classes)}
    return np.array([places.get(_class(record), len(places)) for record in rows], dtype=np.intp)


def _class(record: Record) -> str | None:
    return _text(record.get(LABEL))


def _text(label: Any) -> str | None:
    return canonical(label) if is_scalar(label) else None


def _values(rows: Iterable[Record]) -> Floats:
    return np.array([_value(record) for record in rows], dtype=np.float64)


def _value(record: Record) -> float:
    value = record.get(VALUE)
    steps = [finite_number(step) for step in (value if isinstance(value, list) else [value])]
    known = [step for step in steps if step is not None]
    return fmean(known) if known and len(known) == len(steps) else float("nan")


def _error(record: Record, truth: Any) -> float | None:
    value, number = finite_number(record.get(VALUE)), finite_number(truth)  # a forecast's label is none
    return None if value is None or number is None else abs(value - number)


def _scale(values: Floats, labelled: Sequence[Labelled]) -> float:
    errors = [error for record, label in labelled if (error := _error(record, _parsed(label))) is not None]
    if errors and (far := _FAR * float(np.quantile(errors, 0.9))) > 0:
        return far
    finite = values[np.isfinite(values)]
    return float(finite.std()) or 1.0 if len(finite) else 1.0


def _parsed(label: str) -> Any:
    try:
        return json.loads(label)
    except ValueError:  # written by somebody else's hand
        return None
