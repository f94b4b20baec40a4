"""Rows of the journal as rows of the training table: the same columns, types and labels."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.api import types

from ml.features.cells import cells
from ml.features.tensors import with_tensors
from ml.validation.rows import Validator
from ml.values.canonical import canonical
from ml.values.tensor import Tensor, holds_tensors
from schemas.column_names import composed
from schemas.data import Problem
from schemas.signature import Signature

Row = Mapping[str, Any]


def frame_of(
    inputs: Sequence[Row], labels: Sequence[Any], like: pd.DataFrame, problem: Problem, arrays: Sequence[str]
) -> pd.DataFrame:
    """Return rows of the journal as a table with the columns of `like`, in its order.

    Args:
        inputs: Values by column as they were sent; columns that a row lacks are missing.
        labels: As the journal has them.
        like: Rows of training, which say what type each column has.
        problem: Names the target; its classes are written as training writes them.
        arrays: The columns that hold arrays.
    """
    named = [{composed(str(name)): value for name, value in row.items()} for row in inputs]
    columns: dict[str, pd.Series] = {}
    for name in map(str, like.columns):
        if name == problem.target:
            columns[name] = _like(labels_of(labels, problem), like[name])
        elif name in arrays or holds_tensors(like[name]):
            columns[name] = pd.Series([row.get(name) for row in named], dtype="object")
        else:
            columns[name] = _like([row.get(name) for row in named], like[name])
    frame = pd.DataFrame(columns, index=range(len(named)))
    return with_tensors(frame, [name for name in arrays if name in frame.columns])


def read_plainly(inputs: Sequence[Row], signature: Signature) -> list[Row]:
    """Return rows in which numbers and booleans are such, as the model reads them: a client may write them as text."""
    read = Validator(signature).read([dict(row) for row in inputs])
    names = [one.name for one in signature.inputs if one.type in ("number", "boolean")]
    return [{**row, **{name: read[name][place] for name in names}} for place, row in enumerate(inputs)]


def labels_of(labels: Sequence[Any], problem: Problem) -> list[Any]:
    """Return labels as training writes them; None for one that is no class, or no number."""
    if problem.classes is None:
        return [float(one) if _is_number(one) else None for one in labels]
    known = {canonical(name): name for name in problem.classes}
    return [known.get(canonical(one)) if isinstance(one, str | int | float) else None for one in labels]


def keys_of(frame: pd.DataFrame, signature: Signature) -> list[Hashable]:
    """Return for each row what tells it from rows with other inputs: its cells as a model reads them."""
    columns = cells(frame, signature)
    return list(zip(*([_key(cell) for cell in column] for column in columns.values()), strict=True))


def _key(cell: Any) -> Hashable:
    if isinstance(cell, Tensor):
        return cell.digest
    return None if cell is None or cell != cell else canonical(cell)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _like(values: list[Any], column: pd.Series) -> pd.Series:
    """Return values as a column of the same type where they fit it: rows are drawn by what they mean, not by types."""
    dtype = column.dtype
    if types.is_bool_dtype(dtype):
        return pd.Series(values, dtype="bool" if all(type(one) is bool for one in values) else "object")
    if types.is_numeric_dtype(dtype):
        return _numbers(values, column)
    if types.is_datetime64_any_dtype(dtype):
        aware = getattr(dtype, "tz", None) is not None
        read = pd.to_datetime(pd.Series(values, dtype="object"), format="ISO8601", errors="coerce", utc=True)
        return (read if aware else read.dt.tz_localize(None)).astype(dtype)
    texts = [one if one is None or isinstance(one, str) else canonical(one) for one in values]
    if isinstance(dtype, pd.CategoricalDtype) or types.is_string_dtype(dtype):
        return pd.Series(texts, dtype="str")
    return pd.Series(values, dtype="object")


def _numbers(values: list[Any], column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(pd.Series(values, dtype="object"), errors="coerce").astype("float64")
    whole = types.is_integer_dtype(column.dtype) and bool((numbers.notna() & (numbers % 1 == 0)).all())
    return numbers.astype("int64") if whole else numbers
