"""Which of the labels that training knew a text or a number means. Light: the service imports it."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from ml.values.canonical import canonical
from ml.values.text import LEADING_ZERO, normal, read_number
from schemas.base import Scalar
from schemas.reading import Marks

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_PADDED = re.compile(r"0[0-9]+")
_NAME_LIKE = re.compile(LEADING_ZERO)
_REMEMBERED, _SHORT = 1024, 64
"""Texts that are kept with what they mean, and how long they may be: nobody fills the memory with others."""
_BOOLEANS = {"true": True, "false": False}


def exact_labels(known: Collection[str], *, numeric: bool | None) -> frozenset[str]:
    """Return the texts that are labels as they stand: none where labels were numbers in the rows of training."""
    return frozenset() if numeric else frozenset(known)


class LostZeros(ValueError):
    """Digits that training had with leading zeros, or the other way round; `args[0]` is what training had."""


class Labels:
    """The labels of one column.

    Text that is a known label means it. Where labels were numbers in training, text is read as a number: 1.0 is 1;
    where they were true and false, TRUE is True. Numbers with leading zeros are names.

    Args:
        known: The labels that training knew.
        marks: The marks in numbers that text writes.
        numeric: Whether they were numbers in the rows of training; None where the package does not say so: text that is
            no known label is then looked up by what it says.
        seen: All labels that training met, where those are more; None where they are too many to be told.
    """

    def __init__(
        self, known: Collection[str], marks: Marks, *, numeric: bool | None, seen: Collection[str] | None = ()
    ) -> None:
        ordered = sorted(known, reverse=True)
        self._known, self._numeric = frozenset(known), numeric
        self.exact = exact_labels(known, numeric=numeric)
        """Texts that are labels as they stand."""
        self.are_numbers = bool(numeric)
        """Whether a boolean is none of them, nor one that training did not know."""
        self._composed = {normal(text): text for text in ordered}
        self._values = {_BOOLEANS[text.lower()]: text for text in ordered if text.lower() in _BOOLEANS}
        truths = self._values if numeric is None or self._known <= {"True", "False"} else {}
        met = None if seen is None else self._known | frozenset(seen)
        self._meanings = _Meanings(ordered, truths, marks, numeric=numeric, seen=met)
        # Of another object: a cache of what is ours would hold us, and we it, so that nobody frees either at once.
        self._short = lru_cache(maxsize=_REMEMBERED)(self._meanings.of_text)

    def of_text(self, text: str) -> str:
        """Return the label that text means, its normal form where it means none. Raises LostZeros."""
        if text in self._known and not self._numeric:
            return text
        plain = normal(text)
        if plain in self._composed and not self._numeric:
            return self._composed[plain]
        return self._short(plain) if len(plain) <= _SHORT else plain

    def of_value(self, value: Scalar) -> str:
        """Return the label that a number or a boolean means, its own where it means none. Raises LostZeros."""
        text = canonical(value)
        if text in self._known:
            return text
        if isinstance(value, bool):
            return self._values.get(value, text)
        return self._meanings.of_number(text, value if isinstance(value, int | float) else None)


class _Meanings:
    """What texts and numbers mean that are no label as they stand.

    Args:
        ordered: The labels, in the order in which the last of several that are one number counts.
        booleans: Those that true and false are.
        marks: The marks in numbers that text writes.
        numeric: As of `Labels`.
        seen: All labels that training met; None where they are too many to be told.
    """

    def __init__(
        self,
        ordered: Sequence[str],
        booleans: Mapping[bool, str],
        marks: Marks,
        *,
        numeric: bool | None,
        seen: frozenset[str] | None,
    ) -> None:
        self._booleans, self._marks, self._numeric, self._seen = booleans, marks, numeric, seen
        self._numbers: dict[float, str] = {_number(text): text for text in ordered if _PLAIN_NUMBER.fullmatch(text)}
        self._padded: dict[float, str] = {int(text): text for text in ordered if _PADDED.fullmatch(text)}

    def of_text(self, text: str) -> str:
        """Return the label that a text in its normal form means, itself where it means none. Raises LostZeros."""
        truth = _BOOLEANS.get(text.lower())
        if truth is not None:
            return self._booleans.get(truth, text)
        number = read_number(text, self._marks.decimal, self._marks.thousands)
        if number is None:
            return text
        if isinstance(number, float) and text.isdigit():
            number = int(text)  # beyond what a column of numbers takes, a name of many digits
        if _NAME_LIKE.match(text):
            if number in self._numbers and self._is_new(text):
                raise LostZeros(self._numbers[number])
            return text
        if self._numeric is False:
            self._refuse_lost_zeros(text, number)
            return text
        return self.of_number(text, number)

    def of_number(self, text: str, number: float | None) -> str:
        """Return the label that a number means, which a text writes. Raises LostZeros."""
        if number is None:
            return text
        if number in self._numbers:
            return self._numbers[number]
        self._refuse_lost_zeros(text, number)
        return canonical(number) if self._numeric else text

    def _refuse_lost_zeros(self, text: str, number: float) -> None:
        if number in self._padded and number not in self._numbers and self._is_new(text):
            raise LostZeros(self._padded[number])

    def _is_new(self, text: str) -> bool:
        """Say whether training never met the text, as far as is known."""
        return self._seen is not None and text not in self._seen


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
