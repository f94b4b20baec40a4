"""Texts as weights of their words: term frequency times inverse document frequency, each row of length 1.

Equal to scikit-learn's `TfidfVectorizer` (smooth idf, l2) on the same words. Light: the service imports it.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from ml.text.read_text import TextReader
from ml.text.tokenize import runs, words_of
from ml.values.sparse_rows import SparseRows

Places = NDArray[np.int32]
Row = tuple[Places, NDArray[np.float32]]
"""Places of words, ascending, and their weights."""
_UNKNOWN = -1


class Tfidf(TextReader):
    """A vocabulary and its weights, compiled for many calls.

    Args:
        words: The vocabulary; column i of a row belongs to `words[i]`.
        idf: The weight of each word.
        ngrams: Up to so many words in a row were counted as one.
        sublinear: Whether a word that comes n times counts 1 + ln(n) instead of n.
    """

    def __init__(self, words: Sequence[str], idf: Sequence[float], *, ngrams: int = 1, sublinear: bool = False) -> None:
        self._places = {word: place for place, word in enumerate(words)}
        self._idf = np.array(idf, dtype=np.float64)
        self._ngrams = ngrams
        self._sublinear = sublinear

    @property
    def width(self) -> int:
        """How many words there are."""
        return len(self._idf)

    def __call__(self, texts: Sequence[str | None]) -> SparseRows:
        """Return the weights of each text, (n, words); a missing or empty text, or one of unknown words, is zeros."""
        rows: list[Row] = [self.made(text) for text in texts]
        indptr = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(places) for places, _ in rows], out=indptr[1:])
        if len(rows) == 1:
            return SparseRows(indptr, *rows[0], self.width)
        places = np.concatenate([np.empty(0, dtype=np.int32), *(found for found, _ in rows)])
        weights = np.concatenate([np.empty(0, dtype=np.float32), *(found for _, found in rows)])
        return SparseRows(indptr, places, weights, self.width)

    def count(self, text: str) -> tuple[Row, int, int]:
        """Return the places and weights of a text's words, how many words it has, and how many of them are known."""
        words = words_of(text)
        found = self._known(words)
        known = len(found)
        if self._ngrams > 1:
            found = np.concatenate([found, self._known(runs(words, self._ngrams))])
        return self._weighed(found), len(words), known

    def _known(self, words: Iterable[str]) -> Places:
        """Return the place of each word that is known, as often as it comes."""
        every = np.fromiter(map(self._places.get, words, repeat(_UNKNOWN)), np.int32)
        found: Places = every[every != _UNKNOWN]
        return found

    def _weighed(self, found: Places) -> Row:
        """Return the row of the places of words, which are sorted in place."""
        if not len(found):
            return found, np.empty(0, dtype=np.float32)
        found.sort()
        ends = np.empty(len(found), dtype=np.bool_)
        ends[-1] = True
        np.not_equal(found[1:], found[:-1], out=ends[:-1])
        last = ends.nonzero()[0]
        places, times = found[last], (last + 1).astype(np.float64)
        times[1:] -= last[:-1] + 1
        if self._sublinear:
            times = np.log(times) + 1
        weights = times * self._idf[places]
        weights /= np.sqrt(weights @ weights)
        return places, weights.astype(np.float32)
