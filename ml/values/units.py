"""Text that carries a quantity: shares, money, weights, numbers in groups. It is never converted, only pointed out."""

import re

import pandas as pd

from ml.values.column_keys import declaration, key

ENOUGH = 0.95
_SAMPLE = 5000
_DIGITS = r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[,.'’ \u00a0\u202f_][0-9]{3})+)(?:[.,][0-9]+)?"
_MONEY = r"(?:[$€£¥₹]|(?:EUR|USD|GBP|CHF|JPY|Rs\.?|R\$|kr)(?![A-Za-z]))"
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:([,.'’ \u00a0\u202f_])[0-9]{3})+(?:[.,][0-9]+)?")
_PLAIN = re.compile(_DIGITS)
_PERCENT = re.compile(rf"{_DIGITS}\s*[%‰]")
_PRICE = re.compile(rf"[+-]?{_MONEY}\s*{_DIGITS}|{_DIGITS}\s*{_MONEY}", re.IGNORECASE)
_UNIT = re.compile(rf"{_DIGITS}\s*([^\W\d_][^\W\d_/²³%]{{0,9}}[²³]?(?:/[^\W\d_]{{1,4}}[²³]?)?)")
_DAY = r"(?<![\d.])(?:\d{1,2}([/.-])\d{1,2}\1(?:\d{2}|\d{4})|\d{4}([/.-])\d{1,2}\2\d{1,2})(?![\d.])"
_NAMED_DAY = r"\d{1,2}[. -]+[^\W\d]{3,9}[. ,-]+(?:19|20)\d\d|[^\W\d]{3,9}[. ]+\d{1,2}[, ]+(?:19|20)\d\d"
_TIMESTAMP = re.compile(
    rf"(?=.*?(?:{_DAY}|{_NAMED_DAY}))[\w\s/.,:+-]{{6,40}}|\d{{1,2}}:\d\d(?::\d\d)?(?:\s*[aApP][mM])?"
)
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?(?:(\s?)([aApP][mM]))?")
_UNITS = 3
_NEGATIVE = re.compile(rf"\((?!0\d){_DIGITS}\)|(?!0\d){_DIGITS}\s?-")  # as accounts have it: (1,234.56) or 3.2-
_FEWEST = 0.05
_ACCOUNTS = "numbers with their minus behind or in parentheses"


def quantity_note(values: pd.Series) -> str:
    """Return which quantity text looks like, and what mends it; an empty string for other text.

    Args:
        values: Text, missing values allowed; a sample of the different ones is looked at.
    """
    texts = _sample(values)
    kind = _kind(texts) if texts else None
    return f"the values look like {kind} ({_shown(texts)}); to use them as numbers, {_remedy(texts)}" if kind else ""


def date_note(name: str, values: pd.Series) -> str:
    """Return the same for text that looks like dates or times in a form that is not known."""
    texts = _sample(values)
    if not texts or _share(texts, _TIMESTAMP) < ENOUGH:
        return ""
    if time_of_day(values):
        return f"the values look like times of day ({_shown(texts)}); {format_hint(name, values)}"
    return f"the values look like dates or times ({_shown(texts)}) in no known form; {format_hint(name, values)}"


def format_hint(name: str, values: pd.Series) -> str:
    """Return which key says how the dates or times of day of a text column are written."""
    form = time_of_day(values)
    if form:
        declared = declaration(name, f"format: '{form}'", "parts: [hour, days_since_start]")
        return f"to learn from the hour, declare {declared}"
    return f"declare {key(name, 'format')} as they are written, for example '%d.%m.%Y %H:%M'"


def time_of_day(values: pd.Series) -> str:
    """Return the form of text that is a time of day without a date, 08:30 or 8:30 PM; empty where it is not."""
    texts = _sample(values)
    parts = [match.groups() for text in texts if (match := _CLOCK.fullmatch(text))]
    if not texts or len(parts) < ENOUGH * len(texts):
        return ""
    half_days = sum(half is not None for _, _, half in parts) >= ENOUGH * len(parts)
    seconds = ":%S" if sum(second is not None for second, _, _ in parts) >= ENOUGH * len(parts) else ""
    blank = " " if sum(bool(space) for _, space, _ in parts) >= ENOUGH * len(parts) else ""
    return f"%I:%M{seconds}{blank}%p" if half_days else f"%H:%M{seconds}"


def thousands_mark(texts: list[str]) -> str | None:
    """Return the mark between thousands when most of the texts, as those that are not plain digits, are in groups."""
    found = [match.group(1) for text in texts if (match := _GROUPED.fullmatch(text))]
    if len(found) < ENOUGH * sum(not text.isdigit() for text in texts) or not found:
        return None
    mark = max(set(found), key=found.count)
    return mark if mark in ",.'_" else " "


def _kind(texts: list[str]) -> str | None:
    if not any(character.isdigit() for character in texts[0] + texts[-1]):
        return None
    negative = _share(texts, _NEGATIVE)
    if negative >= _FEWEST and negative + _share(texts, _PLAIN) >= ENOUGH:
        return _ACCOUNTS
    if _share(texts, _PERCENT) >= ENOUGH:
        return "percentages"
    if _share(texts, _PRICE) >= ENOUGH:
        return "amounts of money"
    if thousands_mark(texts) and _share(texts, _PLAIN) >= ENOUGH:
        return "numbers with thousands separators"
    units = [match.group(1) for text in texts if (match := _UNIT.fullmatch(text))]
    spaced = sum(" " in text for text in texts) >= ENOUGH * len(texts) or len(set(units)) == 1
    if len(units) >= ENOUGH * len(texts) and len(set(units)) <= _UNITS and spaced:
        return "quantities with a unit"
    return None


def _remedy(texts: list[str]) -> str:
    if _kind(texts) == _ACCOUNTS:
        return "write the minus before the number in the file: -1234.56"
    mark = thousands_mark(texts)
    if mark is not None:
        return f'declare data.thousands: "{mark}"'
    return "leave only the number in the file and put the unit into the column's name or `unit`"


def _sample(values: pd.Series) -> list[str]:
    return [text for value in values.dropna().unique()[:_SAMPLE] if (text := str(value).strip())]


def _shown(texts: list[str]) -> str:
    return ", ".join(map(repr, texts[:3]))


def _share(texts: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(text) is not None for text in texts) / len(texts)
