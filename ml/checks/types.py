"""What the inferred types leave out: dropped columns, and values that count as missing because they do not fit."""

import numpy as np
import pandas as pd

from ml.schema_inference.infer import declared_type
from ml.validation.examples import examples
from ml.values.column_keys import key
from ml.values.columns import fits, is_text
from ml.values.units import quantity_note
from schemas.data import Column, TableSchema
from schemas.data_spec import DataSpec
from schemas.evaluation import DataCheck

_OFFSET = r"(Z|z|[+-]\d{2}(?::?\d{2})?)$"


def check_types(rows: pd.DataFrame, schema: TableSchema, spec: DataSpec) -> list[DataCheck]:
    """Return a warning for each column that was dropped unasked, holds infinite values, or values of another type."""
    found = []
    for column in schema.columns:
        declared = spec.columns.get(column.name)
        if column.type == "drop":
            found += [] if column.declared else [_warning(column.name, "dropped", f"left out, {column.why}", None)]
        elif declared is None or declared_type(declared) is None:  # a declared type has its own expectation
            found += [*_incompatibilities(column, rows[column.name]), *_quantities(column, rows[column.name])]
        if column.offsets and column.timezone is None:
            found += _mixed_offsets(column.name, rows[column.name])
    return found


def _quantities(column: Column, values: pd.Series) -> list[DataCheck]:
    """Return a warning where text that carries quantities is taken for labels."""
    if column.type not in ("category", "identifier") or not is_text(values):
        return []
    note = quantity_note(values)
    what = f"taken as {'a category' if column.type == 'category' else 'an identifier'}, but {note}"
    return [_warning(column.name, "quantities", what, None)] if note else []


def _mixed_offsets(name: str, values: pd.Series) -> list[DataCheck]:
    """Return a warning where the hours of a column are of different UTC offsets."""
    text = values.dropna().astype("str").str.strip()
    offsets = sorted(set(text.str.extract(_OFFSET, expand=False).dropna().unique()))
    if len(offsets) < 2:
        return []
    shown = ", ".join(offsets[:3]) + (", …" if len(offsets) > 3 else "")
    what = (
        f"times have different UTC offsets ({shown}); each hour is taken as its own offset has it. If they are of one "
        f"place, declare {key(name, 'timezone')}, for example Europe/Berlin"
    )
    return [_warning(name, "offsets", what, len(offsets))]


def _incompatibilities(column: Column, values: pd.Series) -> list[DataCheck]:
    if column.type not in ("number", "date", "boolean"):
        return []
    wrong = values[~fits(values, column.type, column.dates, column.marks)]
    if not len(wrong):
        return []
    infinite = not is_text(values) and bool(np.isinf(pd.to_numeric(wrong, errors="coerce").astype(float)).all())
    what = "are infinite" if infinite else f"are no {column.type}"
    text = f"{len(wrong):,} of {len(values):,} values {what} and count as missing ({examples(wrong)})"
    return [_warning(column.name, "infinite" if infinite else "mixed", text, len(wrong))]


def _warning(column: str, name: str, text: str, value: int | None) -> DataCheck:
    return DataCheck(
        name=name, column=column, severity="warn", passed=False, value=value, message=f"column {column!r}: {text}"
    )
