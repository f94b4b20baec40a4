"""What one cell of a column may be, what it means, and the message for what it is not."""

import math
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, NoReturn

from ml.validation.cell_reading import CellReading
from ml.validation.free_text import free_text
from ml.validation.refusal import LARGEST_INTEGER, LARGEST_NUMBER, Refusal, kind_of, require_unicode, shown
from ml.values.canonical import parse_date
from ml.values.labels import Labels, LostZeros
from ml.values.tensor import NoTensor, Tensor
from ml.values.tensor_form import Form, form_of
from ml.values.text import (
    ISO,
    example_of_day,
    has_no_date,
    is_time_of_day,
    normal,
    read_boolean,
    read_number,
    read_timestamp,
)
from schemas.base import Scalar
from schemas.signature import Input

LONGEST_TEXT, _LONGEST_VALUE = 10_000, 400  # characters of a label, and of a number, a date, true or false
MANY_LISTED = 1000  # values of a category beyond which its signature does not list all

_OFFSETS = {
    False: "needs a UTC offset, as 2024-05-31T09:00:00+02:00 has one: the times of training had them ({})",
    True: "must have no UTC offset: the times of training had none, so nobody knows of which place they are ({})",
}

Check = Callable[[Any], Any]
"""From a value that is not None to the cell that it means, None for a missing one. Raises Refusal."""


def check_of(column: Input, reading: CellReading, known: Collection[str] = ()) -> Check:
    """Return what a column accepts, as a function; `known` are the labels that training knew."""
    if column.shape is not None:
        return _arrays(form_of(column))
    match column.type:
        case "number":
            return _numbers(reading, whole=column.integer)
        case "boolean":
            return _booleans(reading)
        case "date":
            return _dates(reading, column)
        case "text":
            return free_text(column, reading)
        case _:
            listed = column.categories or ()
            seen = None if len(listed) >= MANY_LISTED else listed
            return _labels(reading, Labels(known, reading.marks, numeric=column.numeric, seen=seen))


def _arrays(form: Form) -> Check:
    def array(value: Any) -> Tensor:
        try:
            return form.read(value)
        except NoTensor as error:
            raise Refusal(str(error)) from None

    return array


def _numbers(reading: CellReading, *, whole: bool) -> Check:
    gaps = reading.gaps

    def number(value: Any) -> float | None:
        kind = type(value)
        if kind is str:
            found = _number_of(value, reading)
            return None if found is None else number(found)
        if gaps and kind in (int, float) and value in gaps:
            return None
        if kind is float:
            if -LARGEST_NUMBER <= value <= LARGEST_NUMBER and not (whole and not value.is_integer()):
                return value  # type: ignore[no-any-return]
        elif kind is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return value  # type: ignore[no-any-return]
        _refuse_number(value)

    def most_numbers(value: Any, low: float = -LARGEST_NUMBER, high: float = LARGEST_NUMBER) -> float | None:
        return value if type(value) is float and low <= value <= high else number(value)

    # The shorter way is on the path of every request.
    return number if whole or gaps else most_numbers


def _number_of(value: str, reading: CellReading) -> int | float | None:
    text = _short(value, "a number")
    if text in reading.missing:
        return None
    if reading.decimal is None:
        raise Refusal(f"must be a number, not {kind_of(value)}")
    found = read_number(text, reading.decimal, reading.thousands)
    if found is None:
        raise Refusal(f"is not a number as {_style(reading)}: {shown(value)}")
    return found


def _refuse_number(value: Any) -> NoReturn:
    if type(value) not in (int, float):
        raise Refusal(f"must be a number, not {kind_of(value)}")
    if type(value) is float and math.isfinite(value) and abs(value) <= LARGEST_NUMBER:
        raise Refusal(f"must be a whole number, not {shown(value)}")
    raise _too_large(value)


def _booleans(reading: CellReading) -> Check:
    def boolean(value: Any) -> bool | None:
        if value is True or value is False:
            return value
        kind = type(value)
        if kind is str:
            return _boolean_of(value, reading)
        if kind in (int, float) and (value in (0, 1) or value in reading.gaps):  # as a table has it
            return None if value in reading.gaps else bool(value)
        raise Refusal(f"must be true, false, 0 or 1, not {kind_of(value)}")

    return boolean


def _boolean_of(value: str, reading: CellReading) -> bool | None:
    text = _short(value, "true or false")
    if text in reading.missing:
        return None
    found = None if reading.decimal is None else read_boolean(text)
    if found is None and not (reading.gaps and read_number(text, *reading.marks) in reading.gaps):
        raise Refusal(f"must be true, false, 0 or 1, not {kind_of(value)}")
    return found


def _dates(reading: CellReading, column: Input) -> Check:
    of_day = is_time_of_day(column.format)
    wanted, form = _forms(column.format)

    def date(value: Any) -> str | None:
        if type(value) is not str:
            raise Refusal(f"must be {wanted}, not {kind_of(value)}")
        text = _short(value, "a date")
        if text in reading.missing:
            return None
        found = read_timestamp(text, column.dates) or (_of_old(text) if column.missing is None else None)
        if found is None or (of_day and not has_no_date(found[0])):
            raise Refusal(f"is not {form}: {shown(value)}")
        timestamp, has_offset = found
        if column.timezone is None and column.offsets not in (None, has_offset):
            raise Refusal(_OFFSETS[has_offset].format(shown(value)))
        return timestamp.isoformat()

    return date


def _forms(form: str | None) -> tuple[str, str]:
    """Return what a column of dates takes, and which forms a text may have, with an example."""
    if form is not None and is_time_of_day(form):
        wanted = f'a time of day written as {form}, such as "{example_of_day(form)}"'
        return wanted, wanted
    other = "" if form in (None, ISO) else f", nor one written as {form}"
    return 'a date as an ISO 8601 string, such as "2024-05-31"', f'an ISO 8601 date, such as "2024-05-31"{other}'


def _labels(reading: CellReading, labels: Labels) -> Check:
    exact = labels.exact

    def label(value: Any) -> str | None:
        try:
            if type(value) is not str:
                scalar = _scalar(value)
                if type(scalar) is bool and labels.are_numbers:
                    raise Refusal(f"must be a number or text, as the rows of training have it, not {kind_of(value)}")
                is_gap = type(scalar) is not bool and scalar in reading.gaps
                return None if is_gap else labels.of_value(scalar)
            if value in exact:
                return value
            text = normal(_text(value))
            if text in reading.missing or (reading.gaps and read_number(text, *reading.marks) in reading.gaps):
                return None
            return labels.of_text(text)
        except LostZeros as error:
            lost = f"is {shown(value)}, where training had {shown(error.args[0])}: leading zeros count"
            raise Refusal(f"{lost}, so send the text as it stood") from None

    return label


def _short(value: str, what: str) -> str:
    """Return normal text. Raises Refusal for what is too long to be anything but an attempt."""
    if len(value) > _LONGEST_VALUE:
        raise Refusal(f"has {len(value)} characters, and {what} has none of that length")
    return normal(value)


def _of_old(text: str) -> tuple[datetime, bool] | None:
    """Read a date as packages were served that do not say how text is read: in any form of ISO 8601."""
    try:
        return parse_date(text), False
    except ValueError:
        return None


def _scalar(value: Any) -> Scalar:
    kind = type(value)
    if kind is int or kind is float:
        if kind is int and not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise _too_large(value)
        if not math.isfinite(value):
            raise Refusal("must be a finite number")
    elif kind is not bool:
        raise Refusal(f"must be a string, a number or a boolean, not {kind_of(value)}")
    return value  # type: ignore[no-any-return]


def _too_large(value: float) -> Refusal:
    if type(value) is int or math.isfinite(value):
        return Refusal(f"is too large a number: {shown(value)}")
    return Refusal("must be a finite number")


def _style(reading: CellReading) -> str:
    whole = f"1{reading.thousands}234" if reading.thousands else "1234"
    return f"the training rows write them ({whole}{reading.decimal}5)"


def _text(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise Refusal(f"has {len(value)} characters; at most {LONGEST_TEXT} are taken")
    return require_unicode(value)
