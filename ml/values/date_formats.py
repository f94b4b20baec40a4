"""How the dates of a text column are written: ISO 8601 or one of a few common forms, never a guess.

A year and a month alone, 2014-10, are the first day of that month.
"""

from dataclasses import dataclass

import pandas as pd

from ml.values.columns import as_timestamps
from ml.values.text import ISO
from schemas.reading import Dates

ENOUGH = 0.95
"""A column is a date when at least this share of its values is one; the rest counts as missing and is reported."""
_DAYS = ["%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"]
_EITHER = [("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%d/%m/%y", "%m/%d/%y")]
_MONTHS = ["%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y"]
_MONTH_LIKE = r"^\s*(?:(?:19|20)\d\d[-/]\d\d?|\d\d?/(?:19|20)\d\d|[^\W\d]{3,9}\.?[ -](?:19|20)\d\d)\s*$"
_TIMES = [" %H:%M", " %H:%M:%S"]
_HALF_DAYS = [" %I:%M %p", " %I:%M:%S %p", " %I:%M%p", " %I:%M:%S%p"]
_SAMPLE = 200


@dataclass(frozen=True)
class DateFormat:
    """The form found, the share of values that have it, and the other form that fits as well (day or month first)."""

    form: str
    share: float
    rival: str | None = None


def find_format(known: pd.Series) -> DateFormat | None:
    """Return how the known values of a text column are written as dates, or None where they are none."""
    values = pd.Series(known.unique())
    if not len(values) or values.astype("str").str.contains(r"\d").mean() < ENOUGH:
        return None
    if (share := _share(values, ISO)) >= ENOUGH:
        return DateFormat(ISO, share)
    for time in _times(values):
        for form in _DAYS:
            if (share := _share(values, form + time)) >= ENOUGH:
                return DateFormat(form + time, share)
        for day_first, month_first in _EITHER:
            found = _first_of_two(values, day_first + time, month_first + time)
            if found:
                return found
    return _months(values)


def _times(values: pd.Series) -> list[str]:
    """Return the forms of a time of day that can be in the values; only the day where they show no time."""
    sample = values.iloc[:_SAMPLE].astype("str")
    if sample.str.contains(":", regex=False).mean() < ENOUGH / 2:
        return [""]
    return _HALF_DAYS if sample.str.contains(r"(?i)\d\s*[ap]m\s*$").mean() >= ENOUGH / 2 else _TIMES


def _months(values: pd.Series) -> DateFormat | None:
    if values.astype("str").str.match(_MONTH_LIKE).mean() < ENOUGH:
        return None
    shares = {form: _share(values, form) for form in _MONTHS}
    best = max(shares, key=lambda form: shares[form])
    return DateFormat(best, shares[best]) if shares[best] >= ENOUGH else None


def _first_of_two(values: pd.Series, day_first: str, month_first: str) -> DateFormat | None:
    shares = {form: _share(values, form) for form in (day_first, month_first)}
    best, other = sorted(shares, key=lambda form: -shares[form])
    if shares[best] < ENOUGH:
        return None
    decided = shares[other] < (1.0 if shares[best] == 1.0 else ENOUGH)
    return DateFormat(best, shares[best], rival=None if decided else other)


def _share(values: pd.Series, form: str) -> float:
    def share(part: pd.Series) -> float:
        return float(as_timestamps(part, Dates(form), lenient=False).notna().mean())

    if len(values) > _SAMPLE and share(values.iloc[:_SAMPLE]) < ENOUGH / 2:
        return 0.0
    return share(values)
