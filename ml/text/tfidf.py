"""Texts as weights of their words: term frequency times inverse document frequency, each row of length 1.

Equal to scikit-learn's `TfidfVectorizer` (smooth idf, l2) on the same words. Light: the service imports it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.text.read_text import TextReader
from ml.text.tokenize import runs, words_of
from ml.values.sparse_rows import SparseRows

Row = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Places of words, ascending, and their weights."""


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
        counts = Counter(map(self._places.get, words))
        known = len(words) - counts[None]
        if self._ngrams > 1:
            counts.update(map(self._places.get, runs(words, self._ngrams)))
        del counts[None]
        return self._weighed(counts), len(words), known

    def _weighed(self, counts: Mapping[int | None, int]) -> Row:
        if not counts:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        places = np.fromiter(counts.keys(), np.int32, len(counts))
        times = np.fromiter(counts.values(), np.float64, len(counts))
        order = places.argsort()
        places, times = places[order], times[order]
        if self._sublinear:
            times = np.log(times) + 1
        weights = times * self._idf[places]
        weights /= np.sqrt(weights @ weights)
        return places, weights.astype(np.float32)
