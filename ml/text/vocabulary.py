"""The words that a column of texts is counted in, fitted on training texts."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from ml.text.tokenize import LONGEST_WORD, runs, words_of

MOST_COUNTED = 2_000_000
"""Different words that are counted at once: about half a gigabyte."""


@dataclass(frozen=True)
class Vocabulary:
    """Words in alphabetical order, each with the number of texts that have it, of `texts` in all.

    `fewest` texts must have a word; `rival` is the first word that was left out for want of room, None where all had.
    """

    words: list[str]
    found_in: list[int]
    texts: int
    fewest: int
    rival: str | None = None

    def idf(self) -> list[float]:
        """Return the weight of each word, smoothed: ln((1 + texts) / (1 + found_in)) + 1."""
        return [math.log((1 + self.texts) / (1 + found)) + 1 for found in self.found_in]


def fit_vocabulary(
    texts: Sequence[str | None], *, max_words: int, min_rows: int = 1, ngrams: int = 1, most_rows: float = 1.0
) -> Vocabulary:
    """Return the words that most texts have.

    Args:
        texts: Of the training rows; None counts as an empty text.
        max_words: How many words are kept: those in most texts; of words in equally many the first in the alphabet.
        min_rows: A word in fewer texts is left out. Where there are more than `MOST_COUNTED` different ones, more than
            `min_rows` texts must have a word: as many as leave room to count.
        ngrams: Up to so many words in a row count as a word of their own.
        most_rows: A word in a larger share of the texts is left out.
    """
    total = len(texts)
    counts, lost = _counted(texts, ngrams)
    min_rows = max(min_rows, lost + 1)
    limit = most_rows * total
    frequent = [(word, found) for word, found in counts.items() if min_rows <= found <= limit]
    ranked = sorted(frequent, key=lambda item: (-item[1], item[0]))
    kept = sorted(ranked[:max_words])
    rival = ranked[max_words][0] if len(ranked) > max_words else None
    return Vocabulary([word for word, _ in kept], [found for _, found in kept], total, min_rows, rival)


def _counted(texts: Sequence[str | None], ngrams: int) -> tuple[Counter[str], int]:
    """Return in how many texts each word is; of words in at most so many as is returned too some are left out.

    Never are there many more than `MOST_COUNTED`: where there are, one is taken from each count, until half of the
    words are gone, and what is left is counted once more.

    Source:
        J. Misra, D. Gries, Finding repeated elements, Science of Computer Programming 2 (1982), pages 143 to 152.
    """
    counts: Counter[str] = Counter()
    lost = 0
    for text in texts:
        counts.update(_learnable(text, ngrams))
        if len(counts) > MOST_COUNTED:
            while len(counts) > MOST_COUNTED // 2:
                counts = Counter({word: found - 1 for word, found in counts.items() if found > 1})
                lost += 1
    if not lost:
        return counts, 0
    left, counts = counts.keys(), Counter()
    for text in texts:
        counts.update(left & _learnable(text, ngrams))
    return counts, lost


def known_elsewhere(
    texts: Iterable[str | None], vocabulary: frozenset[str], fewest: int, rival: str | None
) -> frozenset[str]:
    """Return the words of a vocabulary, fitted on `texts`, that it would have without the text that they come from.

    In the texts that it was fitted on fewer words are unknown than in others: a word that barely came often enough is
    there because of the text that is looked at. With these words alone the texts are like any others.

    Args:
        texts: Of the training rows.
        vocabulary: Its words; of runs of several words nothing is said.
        fewest: How many texts must have a word.
        rival: The word that would take the place of another, None where there is room. Where most texts of a word have
            this one too, it loses a text with it and takes no place.
    """
    counts: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    rivals = 0
    for text in texts:
        words = words_of(text or "")
        known = vocabulary.intersection(words)
        counts.update(known)
        if rival is not None and _has(words, rival):
            rivals += 1
            beside.update(known)

    def stays(word: str, found: int) -> bool:
        if found <= fewest:
            return False
        return rival is None or (rivals, word) < (found - 1, rival) or 2 * beside[word] > found

    return frozenset(word for word, found in counts.items() if stays(word, found))


def _has(words: Sequence[str], one: str) -> bool:
    """Whether a word, or a run of words joined by blanks, is among the words of a text."""
    return f" {one} " in f" {' '.join(words)} " if " " in one else one in words


def _learnable(text: str | None, ngrams: int) -> set[str]:
    """Return the different words of a text, and runs of them, that are short enough to be learnt."""
    words = words_of(text or "")
    return {word for word in chain(words, runs(words, ngrams)) if _can_be_learnt(word, ngrams)}


def _can_be_learnt(word: str, ngrams: int) -> bool:
    return len(word) <= LONGEST_WORD * ngrams and max(map(len, word.split(" "))) <= LONGEST_WORD
