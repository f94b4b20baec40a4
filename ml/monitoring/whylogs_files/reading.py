"""Profiles that whylogs wrote, packages from before format 1 and anybody's, read without it.

Its sketches are those of DataSketches, of an older layout or with other sizes. They are written anew as ours are and
then checked as those: whylogs itself ends the process at many a damaged byte.
"""

import math
from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from ml.monitoring.column_sketch import TYPES, ColumnSketch
from ml.monitoring.column_summary import TypeName
from ml.monitoring.sketches import cardinality, labels, quantiles
from ml.monitoring.sketches.damage import SketchError, require
from ml.monitoring.whylogs_files.container import MAGIC, Component, WhylogsFile, opened
from ml.monitoring.whylogs_files.names import METADATA, split
from ml.package.profile_file import ColumnRecord, Role, SketchName, StoredColumn, first_fault
from schemas.base import Strict
from schemas.column_types import ScalarType
from schemas.errors import PackageError

_MEAN, _SQUARES = "distribution/mean", "distribution/m2"
_KLL, _LABELS, _HLL = "distribution/kll", "frequent_items/frequent_strings", "cardinality/hll"


class _Note(Strict):
    """What a file of ours says of a column beside what whylogs has a place for."""

    kind: ScalarType
    once: Annotated[int, Field(ge=0, lt=1 << 63)]


_NOTES = TypeAdapter(dict[str, _Note])


def is_whylogs(content: bytes) -> bool:
    """Say whether bytes begin as a file of whylogs."""
    return content.startswith(MAGIC)


def read(content: bytes) -> dict[tuple[Role, str], ColumnSketch]:
    """Read a file of whylogs 1: its columns by role and name.

    Of a file that is not ours, which does not say how its columns are to be read, a column with numbers is a number,
    one with booleans only a boolean, any other a category; how many labels occur once is then an upper bound.

    Raises:
        PackageError: If it is none, or damaged, if a sketch in it is not of the size that whylogs makes by default, or
            has infinite values, which ours counts apart.
    """
    try:
        file = opened(content)
        notes = _NOTES.validate_json(file.metadata[METADATA], strict=True) if METADATA in file.metadata else None
        names = file.columns if notes is None else notes
        found = {split(name): _named(name, file, None if notes is None else notes[name]) for name in names}
    except ValidationError as error:
        raise PackageError(f"the profile cannot be read: {first_fault(error)}") from error
    except ValueError as error:
        raise PackageError(f"the profile cannot be read: {error}") from error
    return found


def _named(name: str, file: WhylogsFile, note: _Note | None) -> ColumnSketch:
    require(name in file.columns, f"column {name!r}, which it names, is not in it")
    role, own = split(name)
    try:
        return ColumnSketch.stored(_column(own, role, file.columns[name], note))
    except SketchError as error:
        raise SketchError(f"of column {name!r}: {error}") from error


def _column(name: str, role: Role, metrics: Mapping[str, Component], note: _Note | None) -> StoredColumn:
    rows = _count(metrics, "counts/n")
    types = _types(metrics, rows - _count(metrics, "counts/null"))
    kind = _kind(types) if note is None else note.kind
    labelled = kind not in ("number", "date")  # of a column of labels whylogs keeps numbers, too, that we do not
    numbers = None if labelled else _sketch(metrics, _KLL)
    texts = _sketch(metrics, _LABELS) if labelled else None
    values = _sketch(metrics, _HLL)
    sketches: dict[SketchName, bytes] = {
        "quantiles": quantiles.sketch(np.empty(0)) if numbers is None else quantiles.newer(numbers),
        "labels": labels.sketch({}) if texts is None else texts,
        "distinct": cardinality.of_labels([]) if values is None else cardinality.widened(values),
    }
    record = {
        "name": name,
        "role": role,
        "kind": kind,
        "rows": rows,
        "missing": rows - sum(types.values()),
        "infinite": _count(metrics, "counts/inf"),
        "types": types,
        "mean": None if numbers is None else _finite(metrics, _MEAN),
        "squares": None if numbers is None else _finite(metrics, _SQUARES),
        "once": _once(sketches) if note is None else note.once,
        "sketches": {key: len(image) for key, image in sketches.items()},
    }
    return StoredColumn(ColumnRecord.model_validate(record, strict=True), sketches)


def _types(metrics: Mapping[str, Component], present: int) -> dict[TypeName, int]:
    """Return how many present values are of each type: what we wrote once counted whole numbers as fractions, too."""
    found: dict[TypeName, int] = {name: _count(metrics, f"types/{name}") for name in TYPES}
    twice = max(0, sum(found.values()) - present)
    return {**found, "fractional": max(0, found["fractional"] - twice)}


def _kind(types: Mapping[TypeName, int]) -> ScalarType:
    had = {name for name, times in types.items() if times}
    if had and had <= {"integral", "fractional"}:
        return "number"
    return "boolean" if had == {"boolean"} else "category"


def _once(sketches: Mapping[SketchName, bytes]) -> int:
    found = labels.read(sketches["labels"])
    if found.error == 0:
        return sum(times == 1 for times in found.counts.values())
    return round(cardinality.estimate(sketches["distinct"]))


def _count(metrics: Mapping[str, Component], path: str) -> int:
    value = metrics.get(path)
    require(isinstance(value, int), f"it has no count {path!r}")
    return int(value or 0)


def _finite(metrics: Mapping[str, Component], path: str) -> float | None:
    value = metrics.get(path)
    require(isinstance(value, float), f"it has no number {path!r}")
    return value if isinstance(value, float) and math.isfinite(value) else None


def _sketch(metrics: Mapping[str, Component], path: str) -> bytes | None:
    """Return the bytes of a sketch, None where whylogs was told to keep none."""
    value = metrics.get(path)
    require(value is None or isinstance(value, bytes), f"{path!r} is no sketch")
    return value if isinstance(value, bytes) else None
