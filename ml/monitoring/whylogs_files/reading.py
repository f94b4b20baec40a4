"""Profiles that whylogs wrote: packages from before format 1, and anybody's."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.monitoring.column_sketch import TYPES, ColumnSketch
from ml.monitoring.column_summary import TypeName
from ml.monitoring.sketches import cardinality, labels, quantiles
from ml.monitoring.sketches.damage import SketchError, require
from ml.monitoring.sketches.moments import Moments
from ml.monitoring.whylogs_files.library import whylogs
from ml.monitoring.whylogs_files.names import MAGIC, METADATA, split
from ml.package.profile_file import Role
from schemas.column_types import ScalarType
from schemas.errors import PackageError


def is_whylogs(content: bytes) -> bool:
    """Say whether bytes begin as a file of whylogs."""
    return content.startswith(MAGIC)


def read(content: bytes) -> dict[tuple[Role, str], ColumnSketch]:
    """Read a file of whylogs 1: its columns by role and name.

    Of a file that is not ours, which does not say how its columns are to be read, a column with numbers is a number,
    one with booleans only a boolean, any other a category; how many labels occur once is then an upper bound.

    Raises:
        PackageError: If it is none, or cut short, if a sketch in it is not of the size that whylogs makes by default,
            or has infinite values, which ours counts apart.
    """
    library = whylogs()
    try:
        view = library.View.deserialize(content)
        notes = json.loads(view._metadata.get(METADATA, "null"))
        names = view.get_columns() if notes is None else notes
        found = {split(name): _named(name, view, None if notes is None else notes[name]) for name in names}
    except (*library.reading_errors, SketchError, ValueError, TypeError, LookupError, OSError, AttributeError) as error:
        raise PackageError(f"the reference profile cannot be read: {error}") from error
    return found


def _named(name: str, view: Any, note: Mapping[str, Any] | None) -> ColumnSketch:
    try:
        return _column(view.get_column(name), note)
    except SketchError as error:
        raise SketchError(f"of column {name!r}: {error}") from error


def _column(view: Any, note: Mapping[str, Any] | None) -> ColumnSketch:
    require(view is not None, "a column that it names is not in it")
    counts, types, distribution = (view.get_metric(name) for name in ("counts", "types", "distribution"))
    found = _types(types, int(counts.n.value) - int(counts.null.value))
    kind = _kind(found) if note is None else note["kind"]
    numeric = distribution is not None and not _labelled(kind)  # of other kinds whylogs keeps numbers that we do not
    image = quantiles.newer(bytes(distribution.kll.value.serialize())) if numeric else quantiles.sketch(np.empty(0))
    kept = quantiles.read(image)
    n = kept.n if kept else 0
    items = view.get_metric("frequent_items")
    named = bytes(items.frequent_strings.value.serialize()) if items and _labelled(kind) else labels.sketch({})
    distinct = _distinct(view.get_metric("cardinality"))
    return ColumnSketch(
        kind=kind,
        rows=int(counts.n.value),
        missing=int(counts.n.value) - sum(found.values()),
        infinite=int(counts.inf.value),
        types=found,
        moments=Moments(n, float(distribution.mean.value), float(distribution.m2.value)) if n else Moments(),
        quantiles=image,
        labels=named,
        distinct=distinct,
        sample=None,
        once=_once(named, distinct) if note is None else int(note["once"]),
    )


def _types(metric: Any, present: int) -> dict[TypeName, int]:
    """Return how many present values are of each type: what we wrote once counted whole numbers as fractions, too."""
    found: dict[TypeName, int] = {name: int(getattr(metric, name).value) for name in TYPES}
    twice = max(0, sum(found.values()) - present)
    return {**found, "fractional": max(0, found["fractional"] - twice)}


def _kind(types: Mapping[str, int]) -> ScalarType:
    had = {name for name, times in types.items() if times}
    if had and had <= {"integral", "fractional"}:
        return "number"
    return "boolean" if had == {"boolean"} else "category"


def _labelled(kind: ScalarType) -> bool:
    return kind not in ("number", "date")


def _distinct(metric: Any) -> bytes:
    """Return the sketch with 8 bits a register; whylogs keeps 4."""
    if metric is None:
        return cardinality.of_labels([])
    return cardinality.widened(bytes(metric.hll.value.serialize_compact()))


def _once(image: bytes, distinct: bytes) -> int:
    found = labels.read(image)
    if found.error == 0:
        return sum(times == 1 for times in found.counts.values())
    return round(cardinality.estimate(distinct))
