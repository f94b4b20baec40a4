"""A column's raw values in the form that profiles take: numbers, counts of labels, what is missing, wrong types.

Values are grouped by their Python type first, so that 1, 1.0 and True stay apart, and a distinct label is read only
once.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml.values.canonical import canonical, parse_date
from ml.values.label_text import label
from schemas.column_types import ScalarType

TypeName = Literal["integral", "fractional", "boolean", "string", "object"]
Values = Sequence[Any] | NDArray[Any]

_EPOCH = datetime(1970, 1, 1)
_DAY = 86400.0
_BOOLEANS = {"true": "True", "1": "True", "false": "False", "0": "False"}
_MISSING = {"NoneType", "NAType", "NaTType"}
_SCALARS: frozenset[TypeName] = frozenset({"integral", "fractional", "boolean", "string"})
READS: dict[ScalarType, frozenset[TypeName]] = {
    "number": frozenset({"integral", "fractional"}),
    "date": frozenset({"fractional"}),
    "boolean": frozenset({"boolean"}),
    "category": _SCALARS,
    "identifier": _SCALARS,
}


@dataclass(frozen=True)
class ColumnSummary:
    """One column's values.

    `numbers`: finite numbers, dates as days since 1970, float64 (n,). `infinite`: infinities and integers beyond
    float64. `counts`: how often each label occurs (booleans are "True" and "False"). `types`: how many present values
    are of each type; a date that could be read counts as fractional; a type outside `READS[kind]` marks values that
    could not be read.
    """

    rows: int
    missing: int = 0
    infinite: int = 0
    types: Mapping[TypeName, int] = field(default_factory=dict)
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    counts: Mapping[str, int] = field(default_factory=dict)


def summarize(values: Values, kind: ScalarType) -> ColumnSummary:
    """Read raw values, shape (rows,), as `kind`; None, NaN, NaT and pandas.NA are missing. Never raises for a value."""
    if isinstance(values, np.ndarray) and values.ndim == 1:
        if kind == "number" and values.dtype.kind in "iuf":
            return _number_array(values)
        if kind == "date" and values.dtype.kind == "M":
            return _timestamps(values)
        if kind == "boolean" and values.dtype.kind == "b":
            true = int(values.sum())
            found = Counter({"True": true, "False": len(values) - true})
            return ColumnSummary(rows=len(values), types={"boolean": len(values)}, counts=+found)
    return _mixed(_plain(values), kind)


def _plain(values: Values) -> list[Any]:
    if not isinstance(values, np.ndarray):
        return list(values)
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(values.astype("datetime64[us]"), unit="us")
        return [None if text == "NaT" else text for text in texts.tolist()]
    return list(values.tolist()) if values.ndim == 1 else list(values)


def _number_array(array: NDArray[Any]) -> ColumnSummary:
    name: TypeName = "fractional" if array.dtype.kind == "f" else "integral"
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float64, copy=False)
    finite = np.isfinite(numbers)
    present, missing = numbers[finite], int(np.isnan(numbers).sum())
    infinite = len(array) - missing - len(present)
    return ColumnSummary(len(array), missing, infinite, types={name: len(array) - missing}, numbers=present)


def _timestamps(array: NDArray[Any]) -> ColumnSummary:
    there = ~np.isnat(array)
    days = array[there].astype("datetime64[us]").astype(np.int64) / (_DAY * 1e6)
    return ColumnSummary(len(array), missing=len(array) - len(days), types={"fractional": len(days)}, numbers=days)


def _mixed(values: list[Any], kind: ScalarType) -> ColumnSummary:
    parts = [_group(name, group, kind) for name, group in _by_type(values)]
    types: Counter[TypeName] = Counter()
    counts: Counter[str] = Counter()
    for part in parts:
        types.update(part.types)
        counts.update(part.counts)
    return ColumnSummary(
        rows=len(values),
        missing=sum(part.missing for part in parts),
        infinite=sum(part.infinite for part in parts),
        types=dict(types),
        numbers=np.concatenate([np.empty(0), *(part.numbers for part in parts)]),
        counts=dict(counts),
    )


def _by_type(values: list[Any]) -> list[tuple[TypeName | Literal["missing"], list[Any]]]:
    groups = set(map(type, values))
    if len(groups) == 1:
        return [(_type_name(groups.pop()), values)]
    ordered = sorted(groups, key=lambda group: group.__name__)
    return [(_type_name(group), [value for value in values if type(value) is group]) for group in ordered]


def _type_name(group: type) -> TypeName | Literal["missing"]:
    if group.__name__ in _MISSING:
        return "missing"
    if issubclass(group, bool | np.bool_):
        return "boolean"
    if issubclass(group, int | np.integer):
        return "integral"
    if issubclass(group, float | np.floating):
        return "fractional"
    return "string" if issubclass(group, str | date) else "object"


def _group(name: TypeName | Literal["missing"], values: list[Any], kind: ScalarType) -> ColumnSummary:
    """Read values of one type."""
    if name == "missing":
        return ColumnSummary(len(values), missing=len(values))
    if name == "object":
        return ColumnSummary(len(values), types={"object": len(values)})
    if kind == "number" and name in READS["number"]:
        found = _number_array(_floats(values))
        return ColumnSummary(
            found.rows, found.missing, found.infinite, {name: found.rows - found.missing}, found.numbers
        )
    distinct = Counter(values)
    gone = [value for value in distinct if value != value]  # every NaN is a key of its own
    missing = sum(distinct.pop(value) for value in gone)
    if kind == "date" and name == "string":
        return _dates(distinct)
    return _labels(distinct, name, kind, missing)


def _labels(distinct: Counter[Any], name: TypeName, kind: ScalarType, missing: int) -> ColumnSummary:
    types: Counter[TypeName] = Counter()
    counts: Counter[str] = Counter()
    for value, times in distinct.items():
        read = _label(value, kind)
        types[_type_read(read, name, kind)] += times
        if read is not None:
            counts[read] += times
    return ColumnSummary(distinct.total() + missing, missing, types=types, counts=counts)


def _floats(values: list[Any]) -> NDArray[np.float64]:
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        return np.array([_float(value) for value in values], dtype=np.float64)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _label(value: Any, kind: ScalarType) -> str | None:
    if kind == "boolean":
        return _BOOLEANS.get(canonical(value).lower())
    return label(value) if kind in ("category", "identifier") else None


def _type_read(read: str | None, name: TypeName, kind: ScalarType) -> TypeName:
    if read is None:
        return "object" if name in READS[kind] else name
    return "boolean" if kind == "boolean" else name


def _dates(distinct: Counter[Any]) -> ColumnSummary:
    days = {value: _days(value) for value in distinct}
    read = {value: day for value, day in days.items() if day is not None}
    times = np.array([distinct[value] for value in read], dtype=np.int64)
    numbers = np.repeat(np.array(list(read.values()), dtype=np.float64), times)
    types: dict[TypeName, int] = {"fractional": len(numbers), "string": distinct.total() - len(numbers)}
    return ColumnSummary(distinct.total(), types=types, numbers=numbers)


def _days(value: str | date) -> float | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    text = value.isoformat() if isinstance(value, datetime) else value.strip()
    try:
        return (parse_date(text) - _EPOCH).total_seconds() / _DAY
    except ValueError:
        return None
