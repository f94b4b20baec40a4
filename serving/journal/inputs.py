"""What the journal keeps of a request's inputs, and what that says of each row.

Of one row or few, and of rows that hold arrays or texts: a JSON list of rows. Of many rows of a table each column's
values stand together, those of numbers outside the JSON, 8 bytes each: text of them takes twice the room, and longer
than predicting them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from ml.values.by_column import ByColumn
from ml.values.number_table import NumberTable
from ml.values.numbers import Numbers, as_table
from serving.journal.trouble import Unreadable

_NUMBERS, _OTHERS = "numbers", "others"
_DTYPE = np.dtype("<f8")
Rows = Sequence[Mapping[str, Any]]


class Kept(NamedTuple):
    """A request's inputs.

    Attributes:
        inputs: The JSON of a list of rows where `numbers` is None, else of {"numbers": [column, …], "others": {column:
            [value, …], …}}.
        numbers: The former columns one after another, float64, little endian, NaN where one is missing.
    """

    inputs: str
    numbers: bytes | None = None


def of_rows(rows: Rows) -> Kept:
    """Return rows as they were sent."""
    return Kept(to_json(rows).decode())


def of_columns(rows: Rows, cells: Mapping[str, Sequence[Any]]) -> Kept:
    """Return rows of a table by column; whole numbers and others are not told apart any more.

    Args:
        rows: As they were sent; all of them right.
        cells: What they mean, by input.
    """
    if type(cells) is NumberTable:
        return _of_tables(cells.names, {}, cells.table)
    numbers = {name: column for name, column in cells.items() if type(column) is Numbers}
    table = as_table(list(numbers.values()))
    if table is None:
        return of_rows(rows)
    others = {name: _values(rows, name) for name in cells if name not in numbers}
    return _of_tables(list(numbers), others, table)


def _of_tables(names: Sequence[str], others: Mapping[str, Sequence[Any]], table: NDArray[np.float64]) -> Kept:
    numbers = np.ascontiguousarray(table, dtype=_DTYPE).tobytes()
    return Kept(to_json({_NUMBERS: names, _OTHERS: others}).decode(), numbers)


def _values(rows: Rows, name: str) -> Sequence[Any]:
    return rows.values(name) if isinstance(rows, ByColumn) else [row.get(name) for row in rows]


def rows_of(kept: Kept) -> list[dict[str, Any]]:
    """Return the rows. Raises json.JSONDecodeError, or Unreadable for what was not written by us."""
    content = json.loads(kept.inputs)
    try:
        return list(content) if kept.numbers is None else _of_table(content, kept.numbers)
    except (TypeError, KeyError, ValueError) as error:
        raise Unreadable("the inputs of a request are not rows") from error


def _of_table(content: dict[str, Any], numbers: bytes) -> list[dict[str, Any]]:
    names, others = content[_NUMBERS], content[_OTHERS]
    table = np.frombuffer(numbers, dtype=_DTYPE).reshape(len(names), -1)
    columns = dict(zip(names, map(_plain, table), strict=True)) | others
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(column: np.ndarray[Any, Any]) -> list[float | None]:
    values: list[float | None] = column.tolist()
    return [None if value != value else value for value in values] if np.isnan(column).any() else values
