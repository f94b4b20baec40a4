"""How a file writes its numbers: with which decimal mark, and with which mark between thousands.

Comma and point are each other's opposite, so one decision holds for the whole file. A column decides it when its
values can be numbers in one format only: `1,5` and `0,123` have a decimal comma, `1,234,567` has thousands, and
numbers from 1,000 on in groups beside plain ones below 1,000 are thousands too. What is left, `4,098` alone, could be
off by a factor of thousand: it must be declared. Only the point is taken for a decimal mark where commas part the
cells: whoever writes points between thousands parts cells by semicolons.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from ml.values.text import LEADING_ZERO, number_pattern
from schemas.errors import ContentError
from schemas.reading import Decimal, Thousands

_MOST = 0.5
_MAX_WORDS = 5
_FEW = 20
_OPPOSITE: dict[Decimal, Decimal] = {",": ".", ".": ","}
_WITHOUT_A_ZERO = 50
"""So many groups of which none ends in a zero are no thousands: one in ten would."""


@dataclass(frozen=True)
class NumberFormat:
    """The decimal mark, and the mark between thousands; None where there is none."""

    decimal: Decimal
    thousands: Thousands | None

    @property
    def pattern(self) -> str:
        """The regular expression of a number; groups have three digits, and a number in groups has no exponent."""
        return number_pattern(self.decimal, self.thousands)


_POINT, _COMMA = NumberFormat(".", ","), NumberFormat(",", ".")


def find_number_format(
    columns: dict[str, pa.ChunkedArray],
    decimal: Decimal | Literal["auto"],
    thousands: Thousands | None,
    separator: str = ";",
) -> NumberFormat:
    """Return how the numbers in columns of trimmed text are written; `decimal` may be auto, `thousands` None.

    Raises:
        ContentError: When it must be declared, naming the columns and the keys.
    """
    if decimal != "auto":
        return NumberFormat(decimal, thousands or _OPPOSITE[decimal])
    if thousands == "," or thousands == ".":
        return NumberFormat(_OPPOSITE[thousands], thousands)
    found: dict[str, dict[str, str]] = {"point": {}, "comma": {}, "either": {}}
    for name, column in columns.items():
        if side := _evidence(column, thousands, points_are_decimal=separator == ","):
            found[side[0]][name] = side[1]
    if found["point"] and found["comma"]:
        raise ContentError(_contradiction(found["point"], found["comma"]))
    if found["either"] and not found["point"] and not found["comma"]:
        raise ContentError(_undecided(found["either"]))
    mark: Decimal = "," if found["comma"] else "."
    return NumberFormat(mark, thousands or _OPPOSITE[mark])


def numbers_among(column: pa.ChunkedArray, matches: pa.ChunkedArray) -> bool:
    """Whether the values that match are all there are, or many beside a few words such as `unknown`."""
    others = pc.invert(matches)
    if not pc.any(others).as_py():
        return True
    if (
        pc.mean(matches).as_py() < _MOST
        or pc.count_distinct(column.filter(others), mode="only_valid").as_py() > _MAX_WORDS
    ):
        return False
    return bool(pc.count_distinct(column.filter(matches), mode="only_valid").as_py() >= _FEW)


def has(column: pa.ChunkedArray, pattern: str) -> bool:
    """Whether any value matches the regular expression."""
    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def _evidence(column: pa.ChunkedArray, thousands: str | None, *, points_are_decimal: bool) -> tuple[str, str] | None:
    """Return which number format a column of numbers has, "point", "comma" or "either", and a value that shows it."""
    if thousands:
        column = pc.replace_substring(column, thousands, "")
    point, comma = (NumberFormat(".", None), NumberFormat(",", None)) if thousands else (_POINT, _COMMA)
    if not has(column, r"[0-9][.,]|[.,][0-9]") or has(column, LEADING_ZERO):
        return None
    as_point, as_comma = (pc.match_substring_regex(column, number_format.pattern) for number_format in (point, comma))
    either = pc.or_(as_point, as_comma)
    if not numbers_among(column, either):
        return None
    only_point, only_comma = (column.filter(pc.and_not(a, b)) for a, b in ((as_point, as_comma), (as_comma, as_point)))
    if len(only_point) and len(only_comma):
        return None  # no number format reads both: not numbers
    if len(only_point) or len(only_comma):
        return ("point", only_point[0].as_py()) if len(only_point) else ("comma", only_comma[0].as_py())
    return _of_groups(column.filter(either), points_are_decimal)


def _of_groups(numbers: pa.ChunkedArray, points_are_decimal: bool) -> tuple[str, str] | None:
    marked = pc.match_substring_regex(numbers, "[.,]")
    groups, plain = numbers.filter(marked).unique(), numbers.filter(pc.invert(marked))
    if not len(groups):
        return None
    shown = str(groups[0].as_py())
    marks = [mark for mark in _OPPOSITE if has(groups, re.escape(mark))]
    if points_are_decimal and marks == ["."]:
        return "point", shown
    small = len(plain) and not has(plain, r"^[+-]?[0-9]{4}")
    zeros = len(groups) < _WITHOUT_A_ZERO or has(groups, "0$")
    if len(marks) == 1 and small and zeros:
        return ("point" if marks[0] == "," else "comma"), shown
    return "either", shown


def _contradiction(point: dict[str, str], comma: dict[str, str]) -> str:
    return (
        f"the columns write numbers in two ways: {_named(point)} with a decimal point or commas between thousands, "
        f"{_named(comma)} with a decimal comma or points between thousands. Declare which one holds for the file, "
        'data.decimal: "." or data.decimal: ","; columns written the other way are then text'
    )


def _undecided(either: dict[str, str]) -> str:
    marks = "".join(either.values())
    mark = "," if "," in marks else "."
    read = f"{next(shown for shown in either.values() if mark in shown)!r}"
    if "," in marks and "." in marks:
        ways = 'data.decimal: "." or data.decimal: ","'
    else:
        ways = (
            f'data.thousands: "{mark}" if {read} is more than a thousand, or data.decimal: "{mark}" if it is a fraction'
        )
    return f"the numbers in {_named(either)} can be read in two ways, with thousands or with decimals. Declare {ways}"


def _named(columns: dict[str, Any]) -> str:
    shown = [f"{name!r} ({value!r})" for name, value in list(columns.items())[:5]]
    return ", ".join(shown) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")
