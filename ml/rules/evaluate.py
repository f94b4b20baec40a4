"""Which rule decides each row: conditions compiled once, then evaluated on whole columns.

The service imports this: NumPy and the schemas, nothing heavier.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictor import Cells
from ml.rules.columns import Mask, Table
from ml.values.canonical import canonical, parse_date
from ml.values.text import normal
from schemas.column_types import ColumnType
from schemas.patterns import LONGEST
from schemas.rules import Condition, Operator, Rule

Test = Callable[[Table], Mask]
_COMPARE: dict[str, Callable[[Any, Any], Mask]] = {
    "above": np.greater,
    "at_least": np.greater_equal,
    "below": np.less,
    "at_most": np.less_equal,
    "equals": np.equal,
}


class Evaluator:
    """Rules compiled for columns of known types, for many calls of `fired`."""

    def __init__(self, rules: Sequence[Rule], types: dict[str, ColumnType]) -> None:
        self._tests = [compile_condition(rule.when, types) for rule in rules]
        self._types = types

    def fired(self, cells: Cells) -> NDArray[np.int64]:
        """Return for every row the position of the first rule that holds, their number where none does; (rows,).

        Args:
            cells: For every column that a rule reads its values, all of one length; None is a missing value, dates are
                ISO 8601.

        Raises:
            KeyError: If a column is not in `cells`.
            ValueError: If a value does not have its column's type (the service checks that before).
        """
        table = Table(cells, self._types)
        rows = len(next(iter(cells.values()), ()))
        first = np.full(rows, len(self._tests), dtype=np.int64)
        undecided = np.ones(rows, dtype=np.bool_)
        for position, test in enumerate(self._tests):
            decided = test(table) & undecided
            first[decided] = position
            undecided &= ~decided
            if not undecided.any():
                break
        return first


def compile_condition(condition: Condition, types: dict[str, ColumnType]) -> Test:
    """Return the condition as a function of a table; a comparison with a missing value is false."""
    if condition.column is None:
        join = np.logical_and if condition.all is not None else np.logical_or
        return _joined(join, [compile_condition(part, types) for part in condition.all or condition.any or []])
    column, kind = condition.column, types[condition.column]
    tests = [_comparison(column, kind, name, value) for name, value in condition.operators().items()]
    return tests[0] if len(tests) == 1 else _joined(np.logical_and, tests)


def _joined(join: np.ufunc, tests: list[Test]) -> Test:
    first, *others = tests

    def joined(table: Table) -> Mask:
        mask = first(table)
        for other in others:
            mask = join(mask, other(table))
        return mask

    return joined


def _comparison(column: str, kind: ColumnType, operator: Operator, operand: Any) -> Test:
    if kind == "date":
        return _of_timestamps(column, operator, operand)
    if kind in ("number", "boolean"):
        return _of_numbers(column, operator, operand)
    return _of_texts(column, operator, operand)


def _of_numbers(column: str, operator: Operator, operand: Any) -> Test:
    match operator:
        case "missing":
            return lambda table: np.isnan(table.numbers(column)) == operand
        case "in" | "not_in" | "not_equals":
            wanted = np.array(operand if isinstance(operand, list) else [operand], dtype=np.float64)
            if operator == "in":
                return lambda table: np.isin(table.numbers(column), wanted)
            return lambda table: ~(np.isin(table.numbers(column), wanted) | np.isnan(table.numbers(column)))
        case _:
            compare, value = _COMPARE[operator], float(operand)
            return lambda table: compare(table.numbers(column), value)


def _of_timestamps(column: str, operator: Operator, operand: Any) -> Test:
    match operator:
        case "missing":
            return lambda table: np.isnat(table.timestamps(column)) == operand
        case "in" | "not_in" | "not_equals":
            wanted = _timestamps(operand if isinstance(operand, list) else [operand])
            if operator == "in":
                return lambda table: np.isin(table.timestamps(column), wanted)
            return lambda table: ~(np.isin(table.timestamps(column), wanted) | np.isnat(table.timestamps(column)))
        case _:
            compare, value = _COMPARE[operator], _timestamps([operand])[0]
            return lambda table: compare(table.timestamps(column), value)


def _of_texts(column: str, operator: Operator, operand: Any) -> Test:
    match operator:
        case "missing":
            return lambda table: ~table.texts(column).where(lambda text: True) == operand
        case "matches":
            search = re.compile(operand).search
            return lambda table: table.texts(column).where(lambda text: search(text[:LONGEST]) is not None)
        case _:
            wanted = frozenset(normal(canonical(one)) for one in (operand if isinstance(operand, list) else [operand]))
            if operator in ("equals", "in"):
                return lambda table: table.texts(column).where(wanted.__contains__)
            return lambda table: table.texts(column).where(lambda text: text not in wanted)


def _timestamps(texts: Iterable[Any]) -> NDArray[np.datetime64]:
    return np.array([parse_date(str(text)) for text in texts], dtype="datetime64[us]")
