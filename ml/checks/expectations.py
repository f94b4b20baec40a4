"""The declared expectations of each column, run by pandera over all rows at once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ml.schema_inference.infer import declared_type
from ml.validation.examples import examples
from ml.values.canonical import canonical
from ml.values.columns import as_cells, as_numbers, fits
from schemas.base import Scalar
from schemas.column_types import SCALAR_TYPES
from schemas.data import Column, TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.evaluation import DataCheck
from schemas.reading import IN_UTC, POINT

_FEW_WORDS = 5
_SHORT = 30
"""At most so many words, of so many letters, are written out as what to declare."""


@dataclass(frozen=True)
class Expectation:
    """One declared expectation: which values hold, what is wrong with the others, and what was declared."""

    column: str
    name: str
    holds: Callable[[pd.Series], Any]
    wrong: str
    threshold: Scalar | None
    severity: str
    ignores_missing: bool = True
    words: tuple[str, ...] = ()
    """Of a type: the texts that count as missing in the column, those that are not of the type among them."""


def check_expectations(rows: pd.DataFrame, schema: TableSchema, spec: DataSpec) -> list[DataCheck]:
    """Return one outcome for each declared expectation, with examples of the values that break it."""
    columns = {column.name: column for column in schema.columns}
    expected = [
        expectation
        for name, column in spec.columns.items()
        if name in rows.columns
        for expectation in _expectations(name, column, columns.get(name))
    ]
    if not expected:
        return []
    broken = _broken(rows, expected)
    return [_outcome(item, rows[item.column], broken.get((item.column, item.name), [])) for item in expected]


def _expectations(name: str, spec: ColumnSpec, column: Column | None) -> list[Expectation]:
    found: list[Expectation] = []
    dates, marks = (IN_UTC, POINT) if column is None else (column.dates, column.marks)

    def expect(kind: str, holds: Callable[[pd.Series], Any], wrong: str, threshold: Scalar | None) -> None:
        severity, present = spec.on_violation, kind != "nullable"
        words = tuple(filter(None, column.gaps)) if column is not None and kind == "type" else ()
        found.append(Expectation(name, kind, holds, wrong, threshold, severity, ignores_missing=present, words=words))

    kind = declared_type(spec)
    if kind in SCALAR_TYPES:
        expect("type", partial(fits, kind=kind, dates=dates, marks=marks), f"cannot be read as a {kind}", kind)
    if spec.nullable is False:
        expect("nullable", lambda values: values.notna(), "are missing", False)
    if spec.min is not None:
        low = spec.min
        expect("min", lambda values: ~(as_numbers(values, marks) < low), f"are below {low:g}", low)
    if spec.max is not None:
        high = spec.max
        expect("max", lambda values: ~(as_numbers(values, marks) > high), f"are above {high:g}", high)
    if spec.allowed is not None:
        named = ", ".join(map(repr, spec.allowed))
        known = set(map(canonical, spec.allowed))
        expect("allowed", lambda values: _canonical(values).isin(known), f"are not among {named}", named)
    if spec.unique:
        expect("unique", lambda values: ~values.duplicated(keep=False), "occur more than once", True)
    return found


def _canonical(values: pd.Series) -> pd.Series:
    cells = as_cells(values, "category")
    return pd.Series([None if cell is None else canonical(cell) for cell in cells], index=values.index, dtype="object")


def _broken(rows: pd.DataFrame, expected: list[Expectation]) -> dict[tuple[str, str], list[int]]:
    """Return the positions of the rows that break each expectation."""
    import pandera.pandas as pa

    columns: dict[str, list[Expectation]] = {}
    for item in expected:
        columns.setdefault(item.column, []).append(item)
    checked = pa.DataFrameSchema(
        {
            name: pa.Column(
                checks=[
                    pa.Check(_aligned(item.holds), name=item.name, ignore_na=item.ignores_missing, error=item.name)
                    for item in items
                ],
                nullable=True,
            )
            for name, items in columns.items()
        }
    )
    frame = rows[list(columns)].reset_index(drop=True).astype("object")
    frame = frame.where(rows[list(columns)].reset_index(drop=True).notna(), None)
    try:
        checked.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        groups = cases.groupby(["column", "check"], sort=False)["index"]
        return {(str(column), str(check)): sorted(map(int, index)) for (column, check), index in groups}
    return {}


def _aligned(holds: Callable[[pd.Series], Any]) -> Callable[[pd.Series], pd.Series]:
    return lambda values: pd.Series(np.asarray(holds(values), dtype=bool), index=values.index)


def _instead(item: Expectation) -> str:
    """Return what becomes of values that are not of the declared type, or what to declare where they mean missing."""
    if item.severity == "warn":
        return "; they count as missing"
    key = f"data.columns.{item.column}"
    few = 0 < len(item.words) <= _FEW_WORDS and all(len(word) <= _SHORT for word in item.words)
    missing = f"{key}.missing: {json.dumps(item.words, ensure_ascii=False)}" if few else f"them in {key}.missing"
    return f"; where they mean missing, declare {missing}, or {key}.on_violation: warn, by which all of them do"


def _outcome(item: Expectation, column: pd.Series, broken: list[int]) -> DataCheck:
    total = len(column)
    if not broken:
        message = f"column {item.column!r}: all {total:,} rows satisfy {item.name}"
    else:
        some = examples(column.iloc[place] for place in broken[:20])
        places = ", ".join(str(place + 1) for place in broken[:5]) + (", …" if len(broken) > 5 else "")
        shown = "" if item.name == "nullable" else f", for example {some}"
        message = f"column {item.column!r}: {len(broken):,} of {total:,} values {item.wrong}{shown} (rows {places})"
        message += _instead(item) if item.name == "type" else ""
    return DataCheck(
        name=item.name,
        column=item.column,
        severity="warn" if item.severity == "warn" else "fail",
        passed=not broken,
        value=len(broken),
        threshold=item.threshold,
        message=message,
    )
