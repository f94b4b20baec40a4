"""Conditions as unions of boxes: a box names for some columns the values they may have; all others are free.

Exact where a column's comparisons are all of one kind. What cannot be looked into (whether two regular expressions
overlap, comparisons of one column with numbers here and texts there) is a variable of its own, equal to itself only.
So a union of boxes never lacks a row that the condition holds for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from ml.rules.values import Labels, Line, Truth, Values, labels, line
from ml.values.canonical import canonical, parse_date
from schemas.patterns import LONGEST
from schemas.rules import BOUNDS, Condition, timestamp

Variable = tuple[str, str]
"""A column and a test of it, such as a pattern searched in it; the empty test is for its values."""
Box = dict[Variable, Values]
Kind = Literal["number", "date", "label", "mixed"]
MOST = 64
_FIND_ANYTHING = ("", ".*", "^", "^.*")
_EPOCH = parse_date("1970-01-01")


class TooManyError(Exception):
    """A union has more boxes than are worth comparing."""


def kinds(leaves: Iterable[Condition]) -> dict[str, Kind]:
    """Return how every column is compared over all rules."""
    by_column: dict[str, list[Condition]] = {}
    for leaf in leaves:
        by_column.setdefault(str(leaf.column), []).append(leaf)
    return {column: _kind(found) for column, found in by_column.items()}


def boxes(condition: Condition, of: Mapping[str, Kind]) -> list[Box]:
    """Return boxes whose union holds the rows that the condition holds for. Raises TooManyError."""
    if condition.any is not None:
        union = [box for part in condition.any for box in boxes(part, of)]
    elif condition.all is not None:
        union = [{}]
        for part in condition.all:
            inner = boxes(part, of)
            if len(union) * len(inner) > MOST:
                raise TooManyError
            union = [joined for left in union for right in inner if (joined := intersect(left, right)) is not None]
    else:
        box = _leaf(condition, of[str(condition.column)])
        union = [] if _is_empty(box) else [box]
    if len(union) > MOST:
        raise TooManyError
    return union


def known(leaves: Sequence[Condition], booleans: frozenset[str]) -> Box:
    """Return the box in which every row lies: what is known of columns of booleans, and of patterns that find any text.

    A boolean that anything but true and false is compared with is not looked into.
    """
    found: Box = {}
    for column in booleans:
        own = [leaf for leaf in leaves if leaf.column == column]
        bounded = any(name in (*BOUNDS, "matches") for leaf in own for name in leaf.operators())
        if own and not bounded and all(isinstance(point, bool) for leaf in own for point in leaf.points()):
            found[column, ""] = Labels(frozenset([canonical(True), canonical(False)]), missing=True)
    for leaf in leaves:
        if leaf.matches in _FIND_ANYTHING:
            found[str(leaf.column), leaf.matches] = Truth(yes=True, no=False)
    return found


def intersect(left: Box, right: Box) -> Box | None:
    """Return what lies in both, or None when nothing does."""
    joined = dict(left)
    for variable, values in right.items():
        found = values.intersect(joined[variable]) if variable in joined else values
        if found.is_empty:
            return None
        joined[variable] = found
    return None if _is_empty(joined) else joined


def subtract(union: list[Box], taken: list[Box]) -> list[Box]:
    """Return boxes for what is left of `union` without `taken`. Raises TooManyError."""
    for other in taken:
        union = [chunk for box in union for chunk in _without(box, other)]
        if len(union) > MOST:
            raise TooManyError
    return union


def _without(box: Box, taken: Box) -> list[Box]:
    if any(variable in box and box[variable].intersect(values).is_empty for variable, values in taken.items()):
        return [box]
    parts, inside = [], box
    for variable, values in taken.items():
        rest = intersect(inside, {variable: values.complement()})
        if rest is not None:
            parts.append(rest)
        kept = intersect(inside, {variable: values})
        if kept is None:
            break
        inside = kept
    return parts


def _is_empty(box: Box) -> bool:
    """Whether no value is left, regular expressions asked of the labels that a column is known to have."""
    if any(values.is_empty for values in box.values()):
        return True
    for (column, test), values in box.items():
        if test or not isinstance(values, Labels) or values.others:
            continue
        asked = {text: truth for (other, text), truth in box.items() if other == column and isinstance(truth, Truth)}
        absent = values.missing and all(truth.no for truth in asked.values())
        if asked and not absent and not any(_outcomes(name, asked) for name in values.names):
            return True
    return False


def _outcomes(name: str, asked: Mapping[str, Truth]) -> bool:
    return all(truth.yes if re.search(pattern, name[:LONGEST]) else truth.no for pattern, truth in asked.items())


def _kind(leaves: list[Condition]) -> Kind:
    bounds = [value for leaf in leaves for name, value in leaf.operators().items() if name in BOUNDS]
    points = [point for leaf in leaves for point in leaf.points()]
    texts = {text for text in points if isinstance(text, str)}
    searched = any(leaf.matches is not None for leaf in leaves)
    if bounds and not searched:
        if all(isinstance(one, float | int) and not isinstance(one, bool) for one in [*bounds, *points]):
            return "number"
        return "date" if all(isinstance(one, str) and timestamp(one) for one in [*bounds, *points]) else "mixed"
    # "2026-01-31" and "2026-01-31T00:00" are two labels, but one date.
    dates = [parse_date(text) for text in texts if timestamp(text)]
    return "mixed" if bounds or len(set(dates)) < len(dates) else "label"


def _leaf(condition: Condition, kind: Kind) -> Box:
    column = str(condition.column)
    if kind == "mixed":
        return {(column, condition.model_dump_json(by_alias=True, exclude_none=True)): Truth(yes=True, no=False)}
    if condition.matches is not None:
        there = Labels(frozenset(), others=True)
        return {(column, ""): there, (column, condition.matches): Truth(yes=True, no=False)}
    found: Values | None = None
    for operator, operand in condition.operators().items():
        values = _values(kind, operator, operand)
        found = values if found is None else values.intersect(found)
    assert found is not None, "a condition on a column has an operator"
    return {(column, ""): found}


def _values(kind: Kind, operator: str, operand: object) -> Line | Labels:
    if kind == "label":
        return labels(operator, operand if operator == "missing" else _each(operand, canonical))
    if kind == "number" or operator == "missing":
        return line(operator, operand)
    return line(operator, _each(operand, _microseconds))


def _each(operand: object, read: object) -> object:
    assert callable(read)
    return [read(one) for one in operand] if isinstance(operand, list) else read(operand)


def _microseconds(text: str) -> int:
    since = parse_date(text) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
