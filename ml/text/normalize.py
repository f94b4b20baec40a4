"""The one form of a text that words are cut from: NFKC, folded case, nothing invisible, in linear time.

Light: the service imports it.
"""

import re
import unicodedata
from functools import cache

MOST_MARKS = 30
"""Marks kept on one letter, as in the Stream-Safe Text Format of UAX #15: without it, composing takes quadratic time
for text that was made to take it."""
MOST_GROWN = 1_000
"""Characters of the one form beyond two for each character of a text, at most: one sign can stand for 18 letters."""
_LAST_MARKS = 0x20000
"""All marks stand below, but for the variation selectors at `_SELECTORS`."""
_SELECTORS = "\U000e0100-\U000e01ef"
_IGNORED = (
    "\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties."""


def normalize(text: str) -> str:
    """Return text as it is compared: NFKC with folded case, without what nobody sees and all but 30 marks a letter.

    What nobody sees is taken out, so that a word in which it hides is the word: format characters (category Cf: soft
    hyphens, joiners, marks of direction) and, as in Unicode's NFKC_Casefold, all code points that are ignored by
    default (fillers, variation selectors). Control characters stay: they part words as blanks do.
    """
    if text.isascii():
        return text.lower()
    return _form(_crowds().sub(r"\1", _invisible().sub("", text)))


def _form(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text.casefold()).casefold()
    return unicodedata.normalize("NFKC", folded)


def grown(text: str) -> int:
    """Return how many characters beyond two for each of its own a text would have in the one form; takes no time."""
    if text.isascii():
        return 0
    signs, lengths = _long_signs()
    return sum(lengths[sign] - 2 for sign in signs.findall(text))


@cache
def _long_signs() -> tuple[re.Pattern[str], dict[str, int]]:
    """Return what finds the characters that become three and more, and how many each becomes."""
    signs = [chr(code) for code in range(0x80, _LAST_MARKS)]
    composed = [sign for sign in signs if unicodedata.decomposition(sign) or len(sign.casefold()) > 1]
    found = {sign: length for sign in composed if (length := len(_form(sign))) > 2}
    return re.compile(f"[{''.join(found)}]"), found


@cache
def marks() -> str:
    """Return the inside of a regular expression's set: all combining marks (categories Mn, Mc, Me)."""
    return _ranges("M", 0x300, _LAST_MARKS) + _SELECTORS


@cache
def _crowds() -> re.Pattern[str]:
    return re.compile(rf"([{marks()}]{{{MOST_MARKS}}})[{marks()}]++")


@cache
def _invisible() -> re.Pattern[str]:
    return re.compile(f"[{_ranges('Cf', 0x80, _LAST_MARKS)}{_IGNORED}]+")


def _ranges(category: str, first: int, end: int) -> str:
    """Return the code points of a category as ranges, of `first` to below `end`."""
    found: list[list[int]] = []
    for code in range(first, end):
        if unicodedata.category(chr(code)).startswith(category):
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in found)
