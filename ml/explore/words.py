"""The words of texts that go with each class, or with larger and smaller values of the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explore.target import Target
from ml.text.cells import text_cells
from ml.text.tfidf import Tfidf
from ml.text.vocabulary import fit_vocabulary
from ml.values.display import readable
from schemas.column_types import TEXT
from schemas.data import TableSchema
from schemas.exploration import TextWords, WordGroup, WordShare

SHOWN = 12
MOST_ROWS = 10_000
"""Texts whose words are counted: more only cost time."""
MOST_CLASSES = 50
_SEED = 0
_MOST_WORDS, _FEWEST_TEXTS = 20_000, 3
_SIGNIFICANCE = 0.01
"""How improbable by chance a word must be, over all words of all groups."""


@dataclass(frozen=True)
class _Rows:
    """Some rows, of which is asked which words tell them from all others."""

    label: str
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class _Candidate:
    """A word of a group: the shares of its texts and of all others that have it, and how probable that is by chance."""

    group: int
    shown: WordShare
    chance: float


def words(train: pd.DataFrame, schema: TableSchema, target: Target) -> list[TextWords]:
    """Return for each column of texts the words by which its groups of rows are told best.

    A word counts once a text. Of a class, its texts with a word are compared with those of all others by Fisher's exact
    test, and what chance would give among so many words is left out; a target that is a number makes two classes, above
    its median and not.
    """
    return [_of_column(train, column.name, target) for column in schema.columns if column.type == TEXT]


def _of_column(train: pd.DataFrame, name: str, target: Target) -> TextWords:
    places = np.arange(len(train))
    if len(train) > MOST_ROWS:  # drawn at random: rows that come in turns are no sample
        places = np.sort(np.random.default_rng(_SEED).choice(len(train), MOST_ROWS, replace=False))
    texts = text_cells(train[name].iloc[places])
    found = fit_vocabulary(texts, max_words=_MOST_WORDS, min_rows=_FEWEST_TEXTS)
    there = Tfidf(found.words, [1.0] * len(found.words))(texts).to_scipy()
    there.data[:] = 1.0
    groups = _groups(target, places)
    told = _told(there, found.words, groups) if found.words else []
    return TextWords(
        column=name,
        texts=sum(text is not None for text in texts),
        words=len(found.words),
        groups=[
            WordGroup(label=group.label, words=[one.shown for one in told if one.group == place])
            for place, group in enumerate(groups)
        ],
        left_out=max(0, len(target.labels) - MOST_CLASSES),
    )


def _groups(target: Target, places: NDArray[np.int64]) -> list[_Rows]:
    """Return the rows of each class, the most frequent first, or those at both ends of a target that is a number."""
    if target.codes is not None:
        codes = target.codes[places]
        found = [_Rows(label, codes == place) for place, label in enumerate(target.labels[:MOST_CLASSES])]
        return [one for one in found if 0 < one.inside.sum() < len(codes)]
    assert target.numbers is not None
    numbers = target.numbers[places]
    middle = float(np.nanmedian(numbers))
    return [
        _Rows(f"above the median, {middle:.4g}", numbers > middle),
        _Rows(f"at most the median, {middle:.4g}", ~(numbers > middle)),
    ]


def _told(there: Any, known: Sequence[str], groups: Sequence[_Rows]) -> list[_Candidate]:
    """Return the words that chance does not give, the surest of each group first.

    Source:
        S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6 (1979), pages 65-70.
    """
    found = [one for place, group in enumerate(groups) for one in _candidates(place, there, known, group.inside)]
    tests = len(known) * len(groups)
    ordered = sorted(found, key=lambda one: one.chance)
    fails = (place for place, one in enumerate(ordered) if one.chance > _SIGNIFICANCE / (tests - place))
    sure = {id(one) for one in ordered[: next(fails, len(ordered))]}
    return [one for one in found if id(one) in sure]


def _candidates(group: int, there: Any, known: Sequence[str], inside: NDArray[np.bool_]) -> list[_Candidate]:
    """Return the likeliest words of some rows' texts against all others'; `there` has 1 where a text has a word."""
    from scipy.stats import hypergeom

    count, others = int(inside.sum()), int((~inside).sum())
    if not count or not others:
        return []
    here = np.asarray(there[inside].sum(axis=0), dtype=np.float64).ravel()
    elsewhere = np.asarray(there[~inside].sum(axis=0), dtype=np.float64).ravel()
    pooled = (here + elsewhere + 1) / (count + others + 2)
    error = np.sqrt(pooled * (1 - pooled) * (1 / count + 1 / others))
    distance = (here / count - elsewhere / others) / error
    best = np.argsort(-distance, kind="stable")[:SHOWN]
    chances = hypergeom.sf(here[best] - 1, count + others, here[best] + elsewhere[best], count)
    return [
        _Candidate(
            group,
            WordShare(word=readable(known[place]), share=here[place] / count, elsewhere=elsewhere[place] / others),
            float(chance),
        )
        for place, chance in zip(best.tolist(), chances, strict=True)
    ]
