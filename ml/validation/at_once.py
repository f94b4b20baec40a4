"""Many rows checked column by column: all of their numbers in one array, not one by one.

Only what is plainly right is taken at once. Every other value is put to the check of its column, and every row that
fails there to that of single rows, which has the words for it.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.validation.column_rules import Rule
from ml.validation.refusal import LARGEST_NUMBER, Refusal
from ml.values.by_column import ByColumn, Column, values_of
from ml.values.numbers import Numbers

_EXACT = float(2**53)
"""From it on float64 does not tell whole numbers apart."""
_FEWEST = 4  # rows; fewer are checked faster one by one
_MOST = 1 << 16
_NUMBERS = frozenset({int, float, type(None)})
_BOOLEANS = frozenset({bool})
_TEXTS = frozenset({str})
_KINDS: dict[str, set[type]] = {"f": {float, type(None)}, "i": {int}, "u": {int}, "b": {bool}}

Row = dict[str, Any]
Columns = dict[str, Sequence[Any]]
Given = Mapping[str, Column]


class AtOnce:
    """The columns of a table, for requests of many rows.

    Args:
        rules: Of every input, in order.
        known: The names that a row may have.
    """

    def __init__(self, rules: Sequence[Rule], known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._names = [rule.name for rule in rules]
        self._values = _getter(self._names)
        self._numbers = [rule for rule in rules if rule.is_number]
        self._others = [rule for rule in rules if not rule.is_number]
        self._whole = np.array([[rule.whole] for rule in self._numbers], dtype=bool)
        self._low = np.array([[rule.bounds[0]] for rule in self._numbers], dtype=np.float64)
        self._high = np.array([[rule.bounds[1]] for rule in self._numbers], dtype=np.float64)
        self._is_bounded = any(map(math.isfinite, chain.from_iterable(rule.bounds for rule in self._numbers)))
        self._filled = np.array([[not rule.nullable] for rule in self._numbers], dtype=bool)

    def takes(self, rows: int) -> bool:
        """Say whether so many rows are worth it, and may be held twice."""
        return _FEWEST <= rows <= _MOST and bool(self._names)

    @property
    def of_numbers(self) -> bool:
        """Whether every column is one of numbers."""
        return bool(self._names) and not self._others

    def are_plain(self, table: NDArray[np.float64]) -> bool:
        """Say whether all numbers of a table of all columns, (columns, rows), are plainly right; NaN is missing."""
        return bool(self._table(table, {float, type(None)} if np.isnan(table).any() else {float})[1].all())

    def check(self, rows: Sequence[Any]) -> tuple[Columns, list[int]]:
        """Return the cells of the rows that are right, and the places of the others."""
        values = self._complete(rows)
        wrong = set() if values else {place for place, row in enumerate(rows) if not self._knows(row)}
        good: Sequence[Row] = [row for place, row in enumerate(rows) if place not in wrong] if wrong else rows
        places: Sequence[int] = (
            [place for place in range(len(rows)) if place not in wrong] if wrong else range(len(rows))
        )
        columns, faulty = self._cells(good, values or {name: [row.get(name) for row in good] for name in self._names})
        if faulty:
            wrong.update(places[place] for place in faulty)
            kept = [place for place in range(len(good)) if place not in faulty]
            left = good.chosen(kept) if isinstance(good, ByColumn) else [good[place] for place in kept]
            columns = _chosen(columns, left, kept)
        return {name: columns[name] for name in self._names}, sorted(wrong)

    def _complete(self, rows: Sequence[Any]) -> Given | None:
        """Return the values of rows that have every column and no other, by column; None where one is not so."""
        if isinstance(rows, ByColumn):
            return rows.columns if rows.columns.keys() == set(self._names) else None
        if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(self._names)}:
            return None
        try:
            return dict(zip(self._names, zip(*map(self._values, rows), strict=True), strict=True))
        except KeyError:
            return None

    def _knows(self, row: Any) -> bool:
        return type(row) is dict and self._known.issuperset(row)

    def _cells(self, rows: Sequence[Row], values: Given) -> tuple[Columns, set[int]]:
        """Return all columns, and the places of rows in which something is wrong."""
        faulty: set[int] = set()
        columns: Columns = {}
        table, arrays = self._arrays(values, self._as_one(rows))
        for place, (rule, array) in enumerate(zip(self._numbers, arrays, strict=True)):
            columns[rule.name] = (
                _each(rule, values_of(values[rule.name]), faulty)
                if array is None
                else Numbers(rows, rule.name, array, table, place)
            )
        for rule in self._others:
            others = values_of(values[rule.name])
            columns[rule.name] = others if _are_plain(rule, others) else _each(rule, others, faulty)
        return columns, faulty

    def _as_one(self, rows: Sequence[Any]) -> NDArray[np.float64] | None:
        """Return the table of rows that came as one of numbers in the order of the columns, (columns, rows)."""
        if not isinstance(rows, ByColumn) or rows.table is None or self._others:
            return None
        return rows.table if list(rows.columns) == self._names else None

    def _arrays(
        self, values: Given, whole: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.float64] | None, Sequence[NDArray[np.float64] | None]]:
        """Return the numbers as a table, (columns, rows), None where they are in none, and those of each column.

        These are None for a column that has anything but plain numbers. `whole` are the values as one table.
        """
        columns = [values[rule.name] for rule in self._numbers]
        kinds = _KINDS["f"] if whole is not None else _kinds(columns)
        if kinds and kinds <= _NUMBERS:
            table, is_plain = self._table(columns if whole is None else whole, kinds)
            if is_plain.all():
                return table, list(table)
        return None, [self._array(column, place) for place, column in enumerate(columns)]

    def _array(self, values: Column, place: int) -> NDArray[np.float64] | None:
        kinds = _kinds([values])
        if not kinds <= _NUMBERS:
            return None
        table, is_plain = self._table([values], kinds, slice(place, place + 1))
        return table[0] if is_plain.all() else None

    def _table(
        self, values: Sequence[Column] | NDArray[np.float64], kinds: set[type], places: slice = slice(None)
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return numbers as a table, (columns, rows), and which of them are plain; `kinds` are their types."""
        try:
            table = np.asarray(values, dtype=np.float64)  # None becomes NaN, which no number is here
        except OverflowError:
            return np.zeros((len(values), 0)), np.zeros(1, dtype=bool)
        is_plain = np.abs(table) < _EXACT if int in kinds else np.abs(table) <= LARGEST_NUMBER
        whole = self._whole[places]
        if whole.any():
            is_plain &= ~whole | (table == np.floor(table))
        if self._is_bounded:
            is_plain &= (self._low[places] <= table) & (table <= self._high[places])
        if type(None) in kinds:
            missing = _missing(values, table)
            is_plain |= missing & ~self._filled[places]
        return table, is_plain


def _kinds(columns: Sequence[Column]) -> set[type]:
    """Return the types of all values; those of an array stand for what it holds, and may be missing if it is NaN."""
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    others = columns if not arrays else [column for column in columns if not isinstance(column, np.ndarray)]
    kinds = set(map(type, chain.from_iterable(others)))
    for array in arrays:
        kinds |= _KINDS.get(array.dtype.kind, {object}) if array.ndim == 1 else {object}
    return kinds


def _missing(values: Sequence[Column] | NDArray[np.float64], table: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which numbers are missing, (columns, rows): None in a sequence, NaN in an array."""
    if isinstance(values, np.ndarray):
        return np.isnan(table)
    return np.array(
        [
            np.isnan(numbers) if isinstance(column, np.ndarray) else [value is None for value in column]
            for column, numbers in zip(values, table, strict=True)
        ],
        dtype=bool,
    )


def _getter(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    """Return what takes the values of so many columns out of a row. It raises KeyError."""
    return itemgetter(*names) if len(names) > 1 else lambda row: tuple(row[name] for name in names)


def _are_plain(rule: Rule, values: Sequence[Any]) -> bool:
    kinds = set(map(type, values))
    if rule.is_boolean:
        return kinds == _BOOLEANS
    return kinds == _TEXTS and rule.labels.issuperset(values)


def _each(rule: Rule, values: Sequence[Any], faulty: set[int]) -> list[Any]:
    """Return what each value means; the places of those that are refused are put into `faulty`."""
    cells: list[Any] = [None] * len(values)
    for place, value in enumerate(values):
        try:
            cells[place] = None if value is None else rule.check(value)
        except Refusal:
            faulty.add(place)
        else:
            if cells[place] is None and not rule.nullable:
                faulty.add(place)
    return cells


def _chosen(columns: Columns, rows: Sequence[Row], places: list[int]) -> Columns:
    return {
        name: Numbers(rows, name, column.array[places])
        if type(column) is Numbers
        else [column[place] for place in places]
        for name, column in columns.items()
    }
