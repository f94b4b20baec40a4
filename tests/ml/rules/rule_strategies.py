"""Random rules over columns of every type, the rows between all their bounds, and the slow way to evaluate them."""

import itertools
import re
from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any

from hypothesis import strategies as st

from ml.values.canonical import canonical, parse_date
from schemas.column_types import ColumnType
from schemas.rules import Condition, RuleList

TYPES: dict[str, ColumnType] = {"n": "number", "d": "date", "l": "category", "b": "boolean", "i": "identifier"}
NUMBERS = [0, 1, 2.5]
DATES = ["2024-01-01", "2024-06-01T12:00:00", "2024-06-01T14:00:00+02:00", "2025-01-01"]
LABELS = ["red", "Red", 3, "3", True]
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "above": gt,
    "at_least": ge,
    "below": lt,
    "at_most": le,
}
PATTERNS = ["^r", "(?i)RED", "d$", "x"]
VALUES: dict[str, list[Any]] = {
    "n": [None, -1, 0, 0.5, 1, 1.0, 2, 2.5, 7],
    "d": [
        None,
        "2023-01-01",
        "2024-01-01",
        "2024-03-01",
        "2024-06-01T12:00:00",
        "2024-12-01",
        "2025-01-01",
        "2030-01-01",
    ],
    "l": [None, "red", "Red", "3", "True", "blue", "xd"],
    "b": [None, True, False],
    "i": [None, "red", "Red", "3", "True", "blue", "xd"],
}


def grid(columns: str) -> dict[str, list[Any]]:
    """Return every combination of the values of some columns, as cells."""
    rows = list(itertools.product(*(VALUES[column] for column in columns)))
    return {column: [row[place] for row in rows] for place, column in enumerate(columns)}


def comparisons(column: str, hidden: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Return comparisons that mean something for a column of its type.

    `hidden` allows what reachability does not look into: patterns, and one timestamp written in two ways.
    """
    dates = DATES if hidden else [text for text in DATES if "+" not in text]
    pools: dict[str, list[Any]] = {"n": NUMBERS, "d": dates, "b": [True, False]}
    pool = pools.get(column, LABELS)
    one, some = st.sampled_from(pool), st.lists(st.sampled_from(pool), min_size=1, max_size=3)
    kinds = [
        st.fixed_dictionaries({"missing": st.booleans()}),
        *(st.fixed_dictionaries({name: one}) for name in ("equals", "not_equals")),
        *(st.fixed_dictionaries({name: some}) for name in ("in", "not_in")),
    ]
    if column in "nd":
        lower, upper = st.sampled_from(["above", "at_least"]), st.sampled_from(["below", "at_most"])
        kinds += [st.dictionaries(lower, one, min_size=1, max_size=1)] * 2
        kinds += [st.dictionaries(upper, one, min_size=1, max_size=1)] * 2
        kinds.append(st.tuples(lower, one, upper, one).map(lambda two: {two[0]: two[1], two[2]: two[3]}))
    if column in "li" and hidden:
        kinds += [st.fixed_dictionaries({"matches": st.sampled_from(PATTERNS)})] * 2
    return st.one_of(kinds).map(lambda said: {"column": column, **said})


def rule_lists(columns: str, hidden: bool = True) -> st.SearchStrategy[RuleList]:
    """Return up to six rules on some columns."""
    leaf = st.one_of([comparisons(column, hidden) for column in columns])
    nested = st.recursive(
        leaf,
        lambda inner: st.dictionaries(
            st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=1
        ),
        max_leaves=5,
    )
    rules = st.lists(nested.map(lambda when: {"when": when, "then": "a"}), min_size=1, max_size=6)
    return rules.map(lambda found: RuleList.model_validate({"rules": found}))


def slow(rules: RuleList, cells: dict[str, list[Any]]) -> list[int]:
    """Return which rule decides each row, one row and one comparison after the other."""
    rows = [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    return [
        next((place for place, rule in enumerate(rules.rules) if _holds(rule.when, row)), len(rules.rules))
        for row in rows
    ]


def _holds(condition: Condition, row: dict[str, Any]) -> bool:
    if condition.all is not None:
        return all(_holds(part, row) for part in condition.all)
    if condition.any is not None:
        return any(_holds(part, row) for part in condition.any)
    column = str(condition.column)
    return all(_compares(column, row[column], name, operand) for name, operand in condition.operators().items())


def _compares(column: str, cell: Any, operator: str, operand: Any) -> bool:
    if operator == "missing":
        return (cell is None) is bool(operand)
    if cell is None:
        return False
    if operator == "matches":
        return re.search(operand, canonical(cell)) is not None
    read: Any = {"n": float, "d": parse_date}.get(column, canonical)
    value, operands = read(cell), [read(one) for one in (operand if isinstance(operand, list) else [operand])]
    if operator in _ORDERS:
        return bool(_ORDERS[operator](value, operands[0]))
    return bool(value in operands) == (operator in ("equals", "in"))
