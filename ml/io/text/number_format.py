"""How a file writes its numbers: with which decimal mark, and with which mark between thousands.

Comma and point are each other's opposite, so one decision holds for the whole file. A column decides it when its
values can be numbers in one format only: `1,5` and `0,123` have a decimal comma, `1,234,567` has thousands, and
numbers from 1,000 on in groups beside plain ones below 1,000 are thousands too. What is left, `4,098` alone, could be
off by a factor of thousand: it must be declared. Only the point is taken for a decimal mark where commas part the
cells: whoever writes points between thousands parts cells by semicolons.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from ml.values.text import LEADING_ZERO, number_pattern
from schemas.errors import ContentError
from schemas.reading import Decimal, Thousands

_MOST = 0.5
_MARKED = r"[0-9][.,]|[.,][0-9]"
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
    found = {name: evidence for name, column in columns.items() if (evidence := evidence_of(column, thousands))}
    return format_by(found, thousands, separator)


def candidates(decimal: Decimal | Literal["auto"], thousands: Thousands | None) -> list[NumberFormat]:
    """Return the formats that a declaration leaves open: one, or the two of either decimal mark."""
    if decimal != "auto":
        return [NumberFormat(decimal, thousands or _OPPOSITE[decimal])]
    if thousands == "," or thousands == ".":
        return [NumberFormat(_OPPOSITE[thousands], thousands)]
    return [NumberFormat(mark, thousands or _OPPOSITE[mark]) for mark in _OPPOSITE]


def format_by(columns: "Mapping[str, Evidence]", thousands: Thousands | None, separator: str) -> NumberFormat:
    """Return the format that columns are evidence of, where none is declared. Raises ContentError when one must be."""
    found: dict[str, dict[str, str]] = {"point": {}, "comma": {}, "either": {}}
    for name, evidence in columns.items():
        if side := evidence.side(points_are_decimal=separator == ","):
            found[side[0]][name] = side[1]
    if found["point"] and found["comma"]:
        raise ContentError(_contradiction(found["point"], found["comma"]))
    if found["either"] and not found["point"] and not found["comma"]:
        raise ContentError(_undecided(found["either"]))
    mark: Decimal = "," if found["comma"] else "."
    return NumberFormat(mark, thousands or _OPPOSITE[mark])


def has(column: pa.ChunkedArray, pattern: str) -> bool:
    """Whether any value matches the regular expression."""
    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def evidence_of(column: pa.ChunkedArray, thousands: str | None) -> "Evidence | None":
    """Return what a whole column is evidence of; None where nothing in it looks like a mark."""
    text = pc.replace_substring(column, thousands, "") if thousands else column
    if not has(text, _MARKED):
        return None
    evidence = Evidence(thousands)
    evidence.add(column)
    return evidence


class Evidence:
    """What the values of a column say of the number format of their file, added up over parts of the column.

    What is kept does not grow with the column.
    """

    def __init__(self, thousands: str | None) -> None:
        self._thousands = thousands
        pair = (NumberFormat(".", None), NumberFormat(",", None)) if thousands else (_POINT, _COMMA)
        self._point, self._comma = pair
        self._is_marked = self._has_leading_zero = False
        self._values = self._matching = 0
        self._words, self._numbers, self._groups = dict[str, None](), dict[str, None](), dict[str, None]()
        self._only_point: str | None = None
        self._only_comma: str | None = None
        self._marks = set[str]()
        self._has_plain = self._has_long_plain = self._has_zero = False

    def add(self, column: pa.ChunkedArray) -> None:
        """Take more values into account, of trimmed text."""
        if self._has_leading_zero:
            return  # nothing else counts any more
        if self._thousands:
            column = pc.replace_substring(column, self._thousands, "")
        self._is_marked = self._is_marked or has(column, _MARKED)
        self._has_leading_zero = has(column, LEADING_ZERO)
        as_point = pc.match_substring_regex(column, self._point.pattern)
        as_comma = pc.match_substring_regex(column, self._comma.pattern)
        either = pc.or_(as_point, as_comma)
        numbers = column.filter(either)
        self._values += len(column) - column.null_count
        self._matching += len(numbers)
        _keep(self._words, column.filter(pc.invert(either)), _MAX_WORDS + 1)
        _keep(self._numbers, numbers, _FEW)
        self._only_point = self._only_point or _first(column.filter(pc.and_not(as_point, as_comma)))
        self._only_comma = self._only_comma or _first(column.filter(pc.and_not(as_comma, as_point)))
        self._add_groups(numbers)

    def _add_groups(self, numbers: pa.ChunkedArray) -> None:
        marked = pc.match_substring_regex(numbers, "[.,]")
        groups, plain = numbers.filter(marked), numbers.filter(pc.invert(marked))
        _keep(self._groups, groups, _WITHOUT_A_ZERO)
        self._marks |= {mark for mark in _OPPOSITE if mark not in self._marks and has(groups, re.escape(mark))}
        self._has_zero = self._has_zero or has(groups, "0$")
        self._has_plain = self._has_plain or len(plain) > 0
        self._has_long_plain = self._has_long_plain or has(plain, r"^[+-]?[0-9]{4}")

    def side(self, *, points_are_decimal: bool) -> tuple[str, str] | None:
        """Return which number format they have, "point", "comma" or "either", and a value that shows it."""
        if not self._is_marked or self._has_leading_zero or not self._are_numbers:
            return None
        point, comma = self._only_point, self._only_comma
        if point is not None and comma is not None:
            return None  # no number format reads both: not numbers
        if point is not None or comma is not None:
            return ("point", str(point)) if point is not None else ("comma", str(comma))
        return self._of_groups(points_are_decimal)

    @property
    def _are_numbers(self) -> bool:
        """Whether the values that match are all there are, or many beside a few words such as `unknown`."""
        if self._matching == self._values:
            return True
        if self._matching / self._values < _MOST or len(self._words) > _MAX_WORDS:
            return False
        return len(self._numbers) >= _FEW

    def _of_groups(self, points_are_decimal: bool) -> tuple[str, str] | None:
        if not self._groups:
            return None
        shown = next(iter(self._groups))
        if points_are_decimal and self._marks == {"."}:
            return "point", shown
        small = self._has_plain and not self._has_long_plain
        zeros = len(self._groups) < _WITHOUT_A_ZERO or self._has_zero
        if len(self._marks) == 1 and small and zeros:
            return ("point" if "," in self._marks else "comma"), shown
        return "either", shown


def _keep(known: dict[str, None], values: pa.ChunkedArray, most: int) -> None:
    """Add values that are not known yet, in order, until so many are."""
    if len(known) < most and len(values):
        for value in values.drop_null().unique().to_pylist():
            known.setdefault(value)
            if len(known) >= most:
                return


def _first(values: pa.ChunkedArray) -> str | None:
    return str(values[0].as_py()) if len(values) else None


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
