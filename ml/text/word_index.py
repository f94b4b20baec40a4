"""A vocabulary that many words are looked up in at once. Light: the service imports it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.text.word_spans import Hashes, spans_of_words

UNKNOWN = -1


class WordIndex:
    """Words by their places.

    Args:
        words: The vocabulary; the last of equal words counts.
    """

    def __init__(self, words: Sequence[str]) -> None:
        hashes = spans_of_words(list(words)).hashes()[::-1]
        self._hashes, firsts = np.unique(hashes, return_index=True)
        self._places = (len(hashes) - 1 - firsts).astype(np.int32)

    def places(self, hashes: Hashes) -> NDArray[np.int32]:
        """Return the place of each word, (n,), -1 of an unknown one. Sorted ones take half of the time."""
        if not len(self._hashes):
            return np.full(len(hashes), UNKNOWN, dtype=np.int32)
        nearest = np.searchsorted(self._hashes, hashes)
        np.minimum(nearest, len(self._hashes) - 1, out=nearest)
        return np.where(self._hashes[nearest] == hashes, self._places[nearest], np.int32(UNKNOWN))
