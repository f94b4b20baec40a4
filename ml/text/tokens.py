"""Texts as the numbers of their words, for networks. Light: the service imports it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.text.read_text import TextReader
from ml.text.word_index import UNKNOWN as NO_PLACE
from ml.text.word_index import WordIndex
from ml.text.word_spans import spans_of

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The number behind a text's end, of a word that is not in the vocabulary, and of the vocabulary's first word."""


class Tokens(TextReader):
    """A vocabulary compiled for many calls.

    Args:
        words: The vocabulary; `words[i]` has the number i + 2.
        length: How many words of a text count, from its beginning.
    """

    def __init__(self, words: Sequence[str], length: int) -> None:
        self._index = WordIndex(words)
        self._length = length

    def __call__(self, texts: Sequence[str | None]) -> NDArray[np.int32]:
        """Return the numbers of each text's words, (n, length), with 0 behind its end and 1 for an unknown word."""
        table = np.zeros((len(texts), self._length), dtype=np.int32)
        for row, text in zip(table, texts, strict=True):
            numbers = self.made(text)
            row[: len(numbers)] = numbers
        return table

    def count(self, text: str) -> tuple[NDArray[np.int32], int, int]:
        """Return the numbers of a text's first words, how many words it has, and how many of them are known."""
        places = self._index.places(spans_of(text).hashes())
        known = places != NO_PLACE
        first = np.where(known, places + FIRST, UNKNOWN)[: self._length]
        return first, len(places), int(np.count_nonzero(known))
