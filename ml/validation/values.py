"""What one cell of a column may be, and the message for what it is not."""

import math
from collections.abc import Callable
from typing import Any

from ml.values.canonical import canonical, parse_date
from schemas.base import Scalar
from schemas.signature import Input

LONGEST_TEXT = 10_000  # characters
LONGEST_SHOWN = 60
_LARGEST_NUMBER = 3.4028234663852886e38  # beyond it float32, which the graph computes in, knows only infinity
_LARGEST_INTEGER = 2**63 - 1

Check = Callable[[Any], Scalar | None]


class Refusal(ValueError):
    """A value that its column does not take."""


def check_of(column: Input) -> Check:
    """Return what a column accepts, as a function."""
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
        raise Refusal(f"must be a number, not {kind_of(value)}")
    raise Refusal(
        f"is too large a number: {shown(value)}" if kind is int or math.isfinite(value) else "must be a finite number"
    )


def _integer(value: Any) -> float:
    number = _number(value)
    if type(number) is float and not number.is_integer():
        raise Refusal(f"must be a whole number, not {shown(value)}")
    return number


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    if type(value) in (int, float) and value in (0, 1):  # as a table has it
        return bool(value)
    raise Refusal(f"must be true, false, 0 or 1, not {kind_of(value)}")


def _category(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int or kind is float:
        _number(value)
    elif kind is not bool:
        raise Refusal(f"must be a string, a number or a boolean, not {kind_of(value)}")
    return canonical(value)


def _date(value: Any) -> str:
    if type(value) is not str:
        raise Refusal(f'must be a date as an ISO 8601 string, such as "2024-05-31", not {kind_of(value)}')
    try:
        parse_date(value)
    except ValueError:
        raise Refusal(f'is not an ISO 8601 date, such as "2024-05-31": {shown(value)}') from None
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


def kind_of(value: Any) -> str:
    """Name what a JSON value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "the boolean " + ("true" if value else "false")
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    return "a list" if isinstance(value, list) else "an object"


def shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return "an integer of more than 64 bits"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
