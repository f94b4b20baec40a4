"""Profiles of columns: mergeable sketches of bounded size, as whylogs writes and reads them.

The only module that imports whylogs, and it does so on first use: the import costs 1.7 s and the service never needs
it. whylogs 1.6 breaks on NumPy 2 in one place, a name that NumPy dropped, which `_whylogs` puts back.

A number or date column keeps a KLL sketch (k = 1024: exact up to a thousand values, rank error 0.3 % beyond), a
category column the counts of its labels (exact up to 768 distinct ones, the most frequent beyond), an identifier
column how many were known. All keep rows, missing values, infinities, types and an estimate of the distinct values.
"""

import json
import math
import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, Self

import numpy as np

from ml.features.summaries import summaries, summarized
from ml.monitoring.column_profile import ColumnProfile, Numbers
from ml.monitoring.column_summary import ColumnSummary, TypeName, Values, summarize
from ml.predictions.codec import CONFIDENCE, LABEL, VALUE, Encoder
from ml.predictions.predictor import Cells, Predictions
from ml.text.vocabulary import known_elsewhere
from ml.values.label_text import label, printable
from schemas.column_types import ScalarType
from schemas.errors import PackageError
from schemas.signature import Signature

KNOWN, UNKNOWN = "known", "unknown"
PREDICTIONS = (LABEL, CONFIDENCE, VALUE)
_RESERVED = "drivetrain:"
_KEY = "drivetrain"
_TYPES: tuple[TypeName, ...] = ("integral", "fractional", "boolean", "string", "object")
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # a profile depends on the rows only


class Profile:
    """The columns of one set of rows, and the predictions on them."""

    def __init__(self, view: Any, notes: Mapping[str, Mapping[str, Any]]) -> None:
        self._view = view
        self._notes = notes

    def columns(self) -> list[str]:
        """Return the names of the input columns."""
        return [name.removeprefix(_RESERVED + "input:") for name in self._notes if not _is_prediction(name)]

    def column(self, name: str) -> ColumnProfile | None:
        """Return an input column, or None where the profiled rows had no such column."""
        return self._read(_stored(name))

    def prediction(self, name: str) -> ColumnProfile | None:
        """Return one of PREDICTIONS, or None."""
        return self._read(_prediction(name))

    def merge(self, other: Self) -> "Profile":
        """Return the profile of both sets of rows; a column of one only keeps what that one saw.

        Raises:
            ValueError: If a column's kind differs.
        """
        common = self._notes.keys() & other._notes.keys()
        clash = sorted(name for name in common if self._notes[name]["kind"] != other._notes[name]["kind"])
        if clash:
            raise ValueError(f"profiles of different kinds cannot be merged: {clash}")
        notes = {**other._notes, **self._notes}
        for name in common:
            notes[name] = {**self._notes[name], "once": self._notes[name]["once"] + other._notes[name]["once"]}
        # Both sides are read back from bytes: whylogs merges the metadata of the left one in place.
        left, right = (_whylogs().View.deserialize(side.to_bytes()) for side in (self, other))
        return Profile(left.merge(right), notes)

    def to_bytes(self) -> bytes:
        """Return whylogs' own format; what it has no place for is JSON in its metadata."""
        self._view._metadata = {_KEY: json.dumps(self._notes)}
        return bytes(self._view.serialize())

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises PackageError when it is not a profile of ours."""
        whylogs = _whylogs()
        try:
            view = whylogs.View.deserialize(content)
            return cls(view, json.loads(view._metadata[_KEY]))
        except (*whylogs.reading_errors, ValueError, TypeError, LookupError, OSError) as error:
            raise PackageError(f"the reference profile cannot be read: {error}") from error

    def _read(self, stored: str) -> ColumnProfile | None:
        note, view = self._notes.get(stored), self._view.get_column(stored)
        if note is None or view is None:
            return None
        counts, types = view.get_metric("counts"), view.get_metric("types")
        distribution = view.get_metric("distribution")
        sketch = distribution.kll.value
        labels = view.get_metric("frequent_items").frequent_strings.value
        found = labels.get_frequent_items(_whylogs().no_false_negatives) if not labels.is_empty() else []
        return ColumnProfile(
            kind=note["kind"],
            rows=counts.n.value,
            missing=counts.null.value,
            infinite=counts.inf.value,
            types={name: getattr(types, name).value for name in _TYPES},
            numbers=None if sketch.is_empty() else Numbers(sketch, _deviation(distribution)),
            counts={str(item[0]): int(item[2]) for item in found if item[2] > 0},
            distinct=float(view.get_metric("cardinality").hll.value.get_estimate()),
            once=note["once"],
        )


def profile(
    columns: Mapping[str, Values],
    kinds: Mapping[str, ScalarType],
    known: Mapping[str, Collection[str]] | None = None,
    predictions: Mapping[str, Values] | None = None,
) -> Profile:
    """Profile the columns that have a kind; empty columns and any mix of values are allowed.

    Args:
        columns: Values by column, each of shape (rows,): NumPy arrays are fastest, sequences may mix any scalars.
        kinds: How each column is read; a column without a kind is left out.
        known: For identifier columns the values that training knew; without it all are known.
        predictions: Values by one of PREDICTIONS.
    """
    known = known or {}
    summaries = {
        _stored(name): (kinds[name], summarize(columns[name], kinds[name])) for name in columns if name in kinds
    }
    lists = {_stored(name): {label(value) for value in values} for name, values in known.items()}
    for name, values in (predictions or {}).items():
        kind: ScalarType = "category" if name == LABEL else "number"
        summaries[_prediction(name)] = (kind, summarize(values, kind))
    views = {name: _sketch(found, kind, lists.get(name)) for name, (kind, found) in summaries.items()}
    notes = {name: {"kind": kind, "once": _once(found)} for name, (kind, found) in summaries.items()}
    view = _whylogs().View(columns=views, dataset_timestamp=_NO_TIME, creation_timestamp=_NO_TIME, metadata={})
    return Profile(view, notes)


def reference_profile(columns: Cells, signature: Signature, predictions: Predictions) -> bytes:
    """Return `reference.bin`: the profile of the training rows and of predictions.

    Args:
        columns: The training rows' inputs; of arrays their summaries are profiled.
        signature: Names and types of the inputs, known identifiers, classes.
        predictions: On the training rows. Their number may differ from the rows': predictions on rows that were
            not trained on are the better reference for a model that overfits.
    """
    known = {
        one.column: known_elsewhere(columns[one.column], frozenset(one.words), one.fewest, one.rival)
        for one in signature.words
        if one.column in columns
    }
    kinds = {one.column: one.type for one in summaries(signature.inputs)}
    found = Encoder(signature.output).columns(predictions)
    return profile(summarized(columns, signature.inputs, known), kinds, signature.identifiers(), found).to_bytes()


def _stored(name: str) -> str:
    name = printable(name)
    return f"{_RESERVED}input:{name}" if name.startswith(_RESERVED) else name


def _prediction(name: str) -> str:
    return f"{_RESERVED}prediction:{name}"


def _is_prediction(stored: str) -> bool:
    return stored.startswith(_RESERVED + "prediction:")


def _sketch(found: ColumnSummary, kind: ScalarType, known: Collection[str] | None) -> Any:
    """Fill whylogs' metrics from arrays and from counts as weights; value by value takes thirteen times as long."""
    whylogs = _whylogs()
    column = whylogs.Column()
    column.len, column.null_count, column.inf_count = found.rows, found.missing, found.infinite
    if len(found.numbers):
        column.numpy.floats = found.numbers
    metrics = [metric.zero() for metric in (whylogs.Counts, whylogs.Types, whylogs.Distribution, whylogs.Cardinality)]
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # the variance of numbers near 1e308; `_deviation` leaves it out then
        for metric in metrics:
            metric.columnar_update(column)
    counts, types, distribution, cardinality = metrics
    for name, times in found.types.items():
        getattr(types, name).set(times)
    cardinality.hll.value.update_str_list(list(found.counts))
    labels = whylogs.FrequentItems.zero()
    for text, times in _weights(found, kind, known).items():
        labels.frequent_strings.value.update(text, times)
    named = {metric.namespace: metric for metric in (counts, types, distribution, cardinality, labels)}
    return whylogs.ColumnView(metrics=named)


def _deviation(distribution: Any) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = float(distribution.stddev)
    return deviation if math.isfinite(deviation) and deviation > 0 else None


def _once(found: ColumnSummary) -> int:
    return sum(times == 1 for times in found.counts.values())


def _weights(found: ColumnSummary, kind: ScalarType, known: Collection[str] | None) -> Mapping[str, int]:
    if kind != "identifier":
        return found.counts
    total = sum(found.counts.values())
    inside = total if known is None else sum(times for text, times in found.counts.items() if text in known)
    return {text: times for text, times in ((KNOWN, inside), (UNKNOWN, total - inside)) if times}


@cache
def _whylogs() -> SimpleNamespace:
    """Import whylogs: it sends no usage statistics unless the environment says otherwise."""
    os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")
    vars(np).setdefault("unicode_", np.str_)
    import whylogs_sketching
    from whylogs.core.errors import DeserializationError
    from whylogs.core.metrics import metrics
    from whylogs.core.metrics.column_metrics import ColumnCountsMetric, TypeCountersMetric
    from whylogs.core.preprocessing import PreprocessedColumn
    from whylogs.core.view.column_profile_view import ColumnProfileView
    from whylogs.core.view.dataset_profile_view import DatasetProfileView, DecodeError

    return SimpleNamespace(
        View=DatasetProfileView,
        ColumnView=ColumnProfileView,
        Column=PreprocessedColumn,
        Counts=ColumnCountsMetric,
        Types=TypeCountersMetric,
        Distribution=metrics.DistributionMetric,
        Cardinality=metrics.CardinalityMetric,
        FrequentItems=metrics.FrequentItemsMetric,
        reading_errors=(DeserializationError, DecodeError),
        no_false_negatives=whylogs_sketching.frequent_items_error_type.NO_FALSE_NEGATIVES,
    )
