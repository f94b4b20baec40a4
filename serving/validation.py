"""JSON rows against a signature: typed cells for the rows that satisfy it, one error for each row that does not.

On the path of every request: what a column accepts is compiled once per signature.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from ml.derive import canonical, parse_date
from schemas.base import Scalar
from schemas.errors import did_you_mean
from schemas.signature import Input, Signature

LONGEST_TEXT = 10_000  # characters
_LARGEST_NUMBER = 3.4028234663852886e38  # beyond it float32, which the graph computes in, knows only infinity
_LARGEST_INTEGER = 2**63 - 1
_LONGEST_SHOWN = 60
_ABSENT: Any = object()

Check = Callable[[Any], Scalar | None]


class RowError(TypedDict):
    """What is wrong with a row: the first column at fault (None for the row as a whole) and a text for a person."""

    column: str | None
    message: str


class Refusal(ValueError):
    """A value that its column does not take."""


@dataclass(frozen=True)
class Checked:
    """`cells` are the valid rows as columns, `positions` their places in the request, `errors` the others by place."""

    cells: dict[str, Sequence[Scalar | None]]
    positions: list[int]
    errors: dict[int, RowError]


class Validator:
    """A signature's inputs, compiled."""

    def __init__(self, signature: Signature) -> None:
        self.names = [column.name for column in signature.inputs]
        self._checks = [(column.name, column.nullable, _check(column)) for column in signature.inputs]
        self._known = frozenset([*self.names, *signature.ignored])

    def check(self, rows: Sequence[Any]) -> Checked:
        """Sort rows, as the JSON parser gave them, into cells and errors; never raises for what they contain."""
        good: list[list[Scalar | None]] = []
        positions: list[int] = []
        errors: dict[int, RowError] = {}
        for position, row in enumerate(rows):
            try:
                good.append(self._row(row))
                positions.append(position)
            except Refusal:
                errors[position] = self._explain(row)
        columns = zip(*good, strict=True) if good else [()] * len(self.names)
        return Checked(dict(zip(self.names, columns, strict=False)), positions, errors)

    def _row(self, row: Any) -> list[Scalar | None]:
        if type(row) is not dict:
            raise Refusal
        get, absent = row.get, _ABSENT
        cells: list[Scalar | None] = []
        given = 0
        for name, nullable, check in self._checks:
            value = get(name, absent)
            if value is not absent:
                given += 1
                if value is not None:
                    cells.append(check(value))
                    continue
            if not nullable:
                raise Refusal
            cells.append(None)
        if given != len(row) and not self._known.issuperset(row):
            raise Refusal
        return cells

    def _explain(self, row: Any) -> RowError:
        """Say everything that is wrong with a row; only called when something is, so it need not be fast."""
        if type(row) is not dict:
            return {"column": None, "message": f"a row must be an object of columns and values, not {_kind(row)}"}
        faults = [fault for name, nullable, check in self._checks if (fault := _fault(row, name, nullable, check))]
        faults += [self._unknown(str(name)) for name in row if name not in self._known]
        first, others = faults[0], faults[1:]
        if not others:
            return first
        told = "; ".join(f"{_shown(fault['column'])}: {fault['message']}" for fault in others[:9])
        more = f"; and {len(others) - 9} more" if len(others) > 9 else ""
        return {"column": first["column"], "message": f"{first['message']} (also {told}{more})"}

    def _unknown(self, name: str) -> RowError:
        shown = name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "…"
        hint = (
            did_you_mean(shown, self.names)
            or f" It takes {', '.join(self.names[:20])}{' …' if len(self.names) > 20 else ''}."
        )
        return {"column": shown, "message": f"the model has no input of this name.{hint}"}


def _fault(row: dict[str, Any], name: str, nullable: bool, check: Check) -> RowError | None:
    value = row.get(name, _ABSENT)
    if value is _ABSENT:
        return None if nullable else {"column": name, "message": "is missing, and the column cannot be left out"}
    if value is None:
        return (
            None
            if nullable
            else {"column": name, "message": "is null, but the column had no missing value in training"}
        )
    try:
        check(value)
    except Refusal as refusal:
        return {"column": name, "message": str(refusal)}
    return None


def _check(column: Input) -> Check:
    match column.type:
        case "number":
            return _integer if column.integer else _number
        case "boolean":
            return _boolean
        case "date":
            return _date
        case _:
            return _category


def _number(value: Any) -> float:
    kind = type(value)
    if kind is float:
        if -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
            return value  # type: ignore[no-any-return]
    elif kind is int:
        if -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER:
            return value  # type: ignore[no-any-return]
    else:
        raise Refusal(f"must be a number, not {_kind(value)}")
    raise Refusal(
        f"is too large a number: {_shown(value)}" if kind is int or math.isfinite(value) else "must be a finite number"
    )


def _integer(value: Any) -> float:
    number = _number(value)
    if type(number) is float and not number.is_integer():
        raise Refusal(f"must be a whole number, not {_shown(value)}")
    return number


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise Refusal(f"must be true or false, not {_kind(value)}")


def _category(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int or kind is float:
        _number(value)
    elif kind is not bool:
        raise Refusal(f"must be a string, a number or a boolean, not {_kind(value)}")
    return canonical(value)


def _date(value: Any) -> str:
    if type(value) is not str:
        raise Refusal(f'must be a date as an ISO 8601 string, such as "2024-05-31", not {_kind(value)}')
    try:
        parse_date(value)
    except ValueError:
        raise Refusal(f'is not an ISO 8601 date, such as "2024-05-31": {_shown(value)}') from None
    return value


def _text(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise Refusal(f"has {len(value)} characters; at most {LONGEST_TEXT} are taken")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Refusal("is not Unicode text: it holds half of a surrogate pair") from None
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "the boolean " + ("true" if value else "false")
    if isinstance(value, str):
        return f"the string {_shown(value)}"
    if isinstance(value, int | float):
        return f"the number {_shown(value)}"
    return "a list" if isinstance(value, list) else "an object"


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return "an integer of more than 64 bits"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
