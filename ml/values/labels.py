"""Which of the labels that training knew a text or a number means. Light: the service imports it."""

import re
from collections.abc import Collection
from functools import lru_cache

from ml.values.canonical import canonical
from ml.values.text import LEADING_ZERO, read_number
from schemas.base import Scalar
from schemas.reading import POINT, Marks

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_PADDED = re.compile(r"0[0-9]+")
_NAME_LIKE = re.compile(LEADING_ZERO)
_REMEMBERED = 4096
_BOOLEANS = {"true": True, "false": False}


class LostZeros(ValueError):
    """Digits that training had with leading zeros, or the other way round; `args[0]` is what training had."""


class Labels:
    """The labels of one column.

    A table decides how a column is stored by all its values: one word more or less, and what was the number 1 in
    training is the text "1.0". So text that is no known label is looked up by what it says: 1.0 is 1, TRUE is True.
    Numbers with leading zeros are names.

    Args:
        known: The labels that training knew.
        marks: The marks in numbers that text writes.
        numeric: Whether they were numbers in the rows of training; text is then read as a number first.
    """

    def __init__(self, known: Collection[str], marks: Marks, *, numeric: bool) -> None:
        ordered = sorted(known, reverse=True)
        self._known, self._marks, self._numeric = frozenset(known), marks, numeric
        self._numbers = {float(text): text for text in ordered if _PLAIN_NUMBER.fullmatch(text)}
        self._padded = {float(text): text for text in ordered if _PADDED.fullmatch(text)}
        self._booleans = {_BOOLEANS[text.lower()]: text for text in ordered if text.lower() in _BOOLEANS}
        self._meant = lru_cache(maxsize=_REMEMBERED)(self._mean)

    def of_text(self, text: str) -> str:
        """Return the label that normal text means, itself where it means none. Raises LostZeros."""
        return text if text in self._known and not self._numeric else self._meant(text, self._marks, self._numeric)

    def of_value(self, value: Scalar) -> str:
        """Return the label that a number or a boolean means, its own where it means none. Raises LostZeros."""
        text = canonical(value)
        return text if text in self._known else self._meant(text, POINT, False)

    def _mean(self, text: str, marks: Marks, numeric: bool) -> str:
        truth = _BOOLEANS.get(text.lower())
        if truth is not None:
            return self._booleans.get(truth, text)
        known = self._numbers or self._padded or numeric
        number = read_number(text, marks.decimal, marks.thousands) if known else None
        if number is None:
            return text
        if _NAME_LIKE.match(text):
            if number in self._numbers:
                raise LostZeros(self._numbers[number])
            return text
        if number in self._padded and number not in self._numbers:
            raise LostZeros(self._padded[number])
        return self._numbers.get(number, canonical(number) if numeric else text)
