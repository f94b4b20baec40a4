"""Texts as the numbers of their words, for networks. Light: the service imports it."""

from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from ml.text.read_text import TextReader
from ml.text.tokenize import words_of

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The number behind a text's end, of a word that is not in the vocabulary, and of the vocabulary's first word."""


class Tokens(TextReader):
    """A vocabulary compiled for many calls.

    Args:
        words: The vocabulary; `words[i]` has the number i + 2.
        length: How many words of a text count, from its beginning.
    """

    def __init__(self, words: Sequence[str], length: int) -> None:
        self._numbers = {word: number for number, word in enumerate(words, start=FIRST)}
        self._length = length

    def __call__(self, texts: Sequence[str | None]) -> NDArray[np.int32]:
        """Return the numbers of each text's words, (n, length), with 0 behind its end and 1 for an unknown word."""
        table = np.zeros((len(texts), self._length), dtype=np.int32)
        for row, text in zip(table, texts, strict=True):
            numbers = self.made(text)
            row[: len(numbers)] = numbers
        return table

    def count(self, text: str) -> tuple[list[int], int, int]:
        """Return the numbers of a text's first words, how many words it has, and how many of them are known."""
        words = words_of(text)
        first = list(map(self._numbers.get, words[: self._length], repeat(UNKNOWN)))
        return first, len(words), sum(map(self._numbers.__contains__, words))
