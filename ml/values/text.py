"""One text read as a number, a boolean, a point in time or a label: the same in training, batch, service and labels.

Light: the service imports it.
"""

import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.column_names import composed
from schemas.reading import IN_UTC, Dates

ISO = "ISO8601"
TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0", "ja", "oui"})
FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", "nein", "non"})
LEADING_ZERO = r"^[+-]?0[0-9]"
"""Numbers with leading zeros name things: 08383 is not 8383."""
_REMEMBERED = 64  # characters of a date that is kept, so that nobody fills the memory with what is none
ISO_START = r"^\s*\d{4}-\d{2}-\d{2}"
WITH_OFFSET = r"^(.*[T ]\d{2}(?::?\d{2}){0,2}(?:[.,]\d+)?)\s?(?:Z|z|[+-]\d{2}(?::?\d{2})?)$"
"""A time in ISO 8601 with a UTC offset; the group is the time without it."""
_INFINITE = r"[iI]nf|[iI]nfinity|INF|INFINITY"
_ISO_STARTS = re.compile(ISO_START)
_DIRECTIVE = re.compile(r"%-?([A-Za-z])")
_NO_DATE = datetime(1900, 1, 1)
"""The day that a form without one means, as `strptime` has it."""


def normal(text: str) -> str:
    """Return text without blanks at its ends and with letters composed (NFC): what looks alike is alike."""
    return composed(text.strip())


def folded(text: str) -> str:
    """Return what texts have in common that differ in case, blanks or the form of letters only."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def number_pattern(decimal: str, thousands: str | None) -> str:
    """Return the regular expression of a number; groups have three digits, a number in groups has no exponent."""
    point = re.escape(decimal)
    forms = [rf"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?", _INFINITE]
    if thousands:
        forms.append(rf"[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+(?:{point}[0-9]*)?")
    return f"^[+-]?(?:{'|'.join(forms)})$"


def read_number(text: str, decimal: str, thousands: str | None) -> int | float | None:
    """Return the number that trimmed text writes, infinities included; None where it writes none."""
    if not _number_form(decimal, thousands).fullmatch(text):
        return None
    plain = text.replace(thousands, "") if thousands else text
    plain = plain if decimal == "." else plain.replace(decimal, ".")
    return float(plain) if len(plain) > 18 or not plain.lstrip("+-").isdigit() else int(plain)


def read_boolean(text: str) -> bool | None:
    """Return what trimmed text says, in any case: true, yes, 1, false, no, 0 and their like; None for another."""
    word = text.lower()
    return True if word in TRUE else False if word in FALSE else None


def read_timestamp(text: str, dates: Dates = IN_UTC) -> tuple[datetime, bool] | None:
    """Return the naive point in time that trimmed text writes, and whether it has a UTC offset; None where it is none.

    Requests may always write ISO 8601, whatever form the rows of training have.
    """
    return _read_short(text, dates) if len(text) <= _REMEMBERED else None


@lru_cache(maxsize=4096)
def _read_short(text: str, dates: Dates) -> tuple[datetime, bool] | None:
    found = _of_form(text, dates) or _of_iso(text)
    if found is None or found.tzinfo is None:
        return None if found is None else (found, False)
    if dates.zone is None or found.year in (1, 9999):  # near the calendar's ends no other zone can be told
        return found.replace(tzinfo=None), True
    return found.astimezone(ZoneInfo(dates.zone)).replace(tzinfo=None), True


def is_time_of_day(form: str | None) -> bool:
    """Whether a form of points in time has no date, such as %H:%M."""
    return form not in (None, ISO) and set(_DIRECTIVE.findall(form or "")) <= set("HIMSfp")


def example_of_day(form: str) -> str:
    """Return half past nine in a form without a date."""
    return _NO_DATE.replace(hour=9, minute=30).strftime(form)


def has_no_date(timestamp: datetime) -> bool:
    """Whether a timestamp is of the day that a time of day is read with."""
    return timestamp.date() == _NO_DATE.date()


def _of_form(text: str, dates: Dates) -> datetime | None:
    if dates.form is None or dates.form == ISO:
        return None
    try:
        found = datetime.strptime(text, dates.form)
        if dates.century is None or "%y" not in dates.form:
            return found
        return found.replace(year=dates.century + (found.year - dates.century) % 100)
    except ValueError:  # no such date, in that century either
        return None


def _of_iso(text: str) -> datetime | None:
    if not _ISO_STARTS.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _number_form(decimal: str, thousands: str | None) -> re.Pattern[str]:
    return re.compile(number_pattern(decimal, thousands))
