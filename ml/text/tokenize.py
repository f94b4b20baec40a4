"""A text as words, by one regular expression, and words as n-grams.

A word is a run of letters and digits, each with its marks: `Don't pay 3.50€` are `don`, `t`, `pay`, `3`, `50`. Scripts
that write no blanks between words (Han, kana, Thai, Lao, Myanmar, Khmer, Tibetan, Yi) have each letter, with its
marks, for a word of its own; with `ngrams: 2` pairs of them count too, which is what carries meaning there. Everything
else (punctuation, signs, emoji, underscores, control characters) parts words and is none.

Light: the service imports it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from ml.text.normalize import grown, marks, normalize

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_WORD = 50
"""Characters; a longer word is never learnt: it is a key, an encoding or an attempt."""
_TRIED = 20
"""Letters that are looked at one by one; some of them are invisible, and some signs become words."""
_ASCII = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else ord(" ") for code in range(256))
_ALONE = (
    "\u0e00-\u0e30\u0e32-\u0e33\u0e40-\u0e46"  # Thai
    "\u0e81-\u0eb0\u0eb2-\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"  # Lao
    "\u0f00\u0f40-\u0f6c\u0f88-\u0f8c"  # Tibetan
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065-\u1066\u106e-\u1070\u1075-\u1081\u108e"  # Myanmar
    "\u1780-\u17b3"  # Khmer
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han
    "\ua000-\ua48c"  # Yi
)


def words_of(text: str) -> Sequence[str]:
    """Return the words of a text as it was written, in order. Takes linear time whatever the text is."""
    if text.isascii():  # the same, in a fifth of the time
        return text.encode().translate(_ASCII).decode().split()
    return _any_script()(normalize(text))


def has_word(text: str) -> bool:
    """Whether a text has a word; blanks, signs, emoji and letters that nobody sees are none."""
    if text.isascii():
        return _letter().search(text) is not None
    first = islice(_letter().finditer(text), _TRIED)
    return any(words_of(found.group()) for found in first) or bool(words_of(text))


@cache
def _letter() -> re.Pattern[str]:
    return re.compile(r"[^\W_]")


def prepare() -> None:
    """Make what is made once, a fifth of a second, so that no request waits for it."""
    for one in (grown, words_of, has_word):
        one("é")


def runs(words: Sequence[str], longest: int) -> Iterator[str]:
    """Yield all runs of 2 to `longest` words, joined by blanks; never are all of them there at once."""
    for length in range(2, longest + 1):
        yield from map(" ".join, zip(*(islice(words, start, None) for start in range(length)), strict=False))


def letters_alone(text: str) -> int:
    """Return how many letters of a text are words of their own, since nobody writes blanks between words there."""
    return 0 if text.isascii() else len(_alone().findall(text))


@cache
def _alone() -> re.Pattern[str]:
    return re.compile(f"[{_ALONE}]")


@cache
def pattern() -> str:
    """Return the regular expression of a word in normalised text."""
    mark, letter = f"[{marks()}]", rf"[^\W_{_ALONE}]"
    return rf"[{_ALONE}]{mark}*+|{letter}++(?:{mark}++{letter}*+)*+"


@cache
def _any_script() -> "Callable[[str], list[str]]":
    return re.compile(pattern()).findall
