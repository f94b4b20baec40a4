"""How the dates of a text column are written: ISO 8601 or one of a few common forms, never a guess."""

from dataclasses import dataclass

import pandas as pd

from ml.columns import ISO, as_moments

ENOUGH = 0.95
"""A column is a date when at least this share of its values is one; the rest counts as missing and is reported."""
_DAYS = ["%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"]
_EITHER = [("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%d/%m/%y", "%m/%d/%y")]
_TIMES = ["", " %H:%M", " %H:%M:%S"]
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
    for time in _TIMES:
        for form in _DAYS:
            if (share := _share(values, form + time)) >= ENOUGH:
                return DateFormat(form + time, share)
        for day_first, month_first in _EITHER:
            found = _first_of_two(values, day_first + time, month_first + time)
            if found:
                return found
    return None


def _first_of_two(values: pd.Series, day_first: str, month_first: str) -> DateFormat | None:
    shares = {form: _share(values, form) for form in (day_first, month_first)}
    best, other = sorted(shares, key=lambda form: -shares[form])
    if shares[best] < ENOUGH:
        return None
    decided = shares[other] < (1.0 if shares[best] == 1.0 else ENOUGH)
    return DateFormat(best, shares[best], rival=None if decided else other)


def _share(values: pd.Series, form: str) -> float:
    if len(values) > _SAMPLE and as_moments(values.iloc[:_SAMPLE], form).notna().mean() < ENOUGH / 2:
        return 0.0
    return float(as_moments(values, form).notna().mean())
