"""One text read as a number, a boolean, a point in time or a label: the same in training, batch, service and labels.

Light: the service imports it.
"""

import re
import unicodedata
from datetime import datetime
from functools import lru_cache

from ml.values.canonical import parse_date

ISO = "ISO8601"
TRUE = frozenset({"true", "t", "yes", "y", "1", "ja", "oui"})
FALSE = frozenset({"false", "f", "no", "n", "0", "nein", "non"})
LEADING_ZERO = r"^[+-]?0[0-9]"
"""Numbers with leading zeros name things: 08383 is not 8383."""
ISO_START = r"^\s*\d{4}-\d{2}-\d{2}"
_INFINITE = r"[iI]nf|[iI]nfinity|INF|INFINITY"
_ISO_STARTS = re.compile(ISO_START)


def normal(text: str) -> str:
    """Return text without blanks at its ends and with letters composed (NFC): what looks alike is alike."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


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


@lru_cache(maxsize=4096)
def read_timestamp(text: str, form: str | None) -> datetime | None:
    """Return the naive point in time, in UTC where the text has an offset; None where it is none.

    Args:
        text: A date as `form`, a strptime form, writes it; or as ISO 8601 does, in which requests may always write.
        form: None or "ISO8601" for ISO 8601 alone.
    """
    if form is not None and form != ISO:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            pass
    if not _ISO_STARTS.match(text):
        return None
    try:
        return parse_date(text)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _number_form(decimal: str, thousands: str | None) -> re.Pattern[str]:
    return re.compile(number_pattern(decimal, thousands))
