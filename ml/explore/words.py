"""The words of texts that go with each class, or with larger and smaller values of the target."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explore.target import Target
from ml.text.cells import text_cells
from ml.text.tfidf import Tfidf
from ml.text.vocabulary import fit_vocabulary
from ml.values.display import readable
from schemas.data import TEXT, TableSchema
from schemas.exploration import TextWords, WordGroup, WordShare

SHOWN = 12
MOST_ROWS = 10_000
"""Texts whose words are counted: more only cost time."""
_MOST_WORDS, _FEWEST_TEXTS = 20_000, 3
_SURE = 3.0
"""Standard errors by which a word's texts differ from the others, at least."""


def words(train: pd.DataFrame, schema: TableSchema, target: Target) -> list[TextWords]:
    """Return for each column of texts the words by which its groups of rows are told best.

    A word counts once a text. Of a class, the difference between its share of that class' texts and of all others is
    measured in standard errors; a target that is a number makes two classes, above its median and not.
    """
    return [_of_column(train, column.name, target) for column in schema.columns if column.type == TEXT]


def _of_column(train: pd.DataFrame, name: str, target: Target) -> TextWords:
    every = max(1, -(-len(train) // MOST_ROWS))
    texts = text_cells(train[name].iloc[::every])
    found = fit_vocabulary(texts, max_words=_MOST_WORDS, min_rows=_FEWEST_TEXTS)
    there = Tfidf(found.words, [1.0] * len(found.words))(texts).to_scipy()
    there.data[:] = 1.0
    groups = [] if not found.words else _groups(there, found.words, target, every)
    return TextWords(column=name, texts=sum(text is not None for text in texts), words=len(found.words), groups=groups)


def _groups(there: Any, known: Sequence[str], target: Target, every: int) -> list[WordGroup]:
    if target.codes is not None:
        codes = target.codes[::every]
        return [
            _group(label, there, known, codes == place)
            for place, label in enumerate(target.classes)
            if 0 < (codes == place).sum() < len(codes)
        ]
    assert target.numbers is not None
    numbers = target.numbers[::every]
    middle = float(np.nanmedian(numbers))
    return [
        _group(f"above the median, {middle:.4g}", there, known, numbers > middle),
        _group(f"at most the median, {middle:.4g}", there, known, ~(numbers > middle)),
    ]


def _group(label: str, there: Any, known: Sequence[str], inside: NDArray[np.bool_]) -> WordGroup:
    """Return the words of the texts of some rows, against all others; `there` has 1 where a text has a word."""
    count, others = int(inside.sum()), int((~inside).sum())
    if not count or not others:
        return WordGroup(label=label, words=[])
    here = np.asarray(there[inside].sum(axis=0), dtype=np.float64).ravel()
    elsewhere = np.asarray(there[~inside].sum(axis=0), dtype=np.float64).ravel()
    # One text with and one without is added to each side, so that rare words are no certainty.
    share, other = (here + 1) / (count + 2), (elsewhere + 1) / (others + 2)
    error = np.sqrt(share * (1 - share) / (count + 2) + other * (1 - other) / (others + 2))
    distance = (share - other) / error
    best = np.argsort(-distance, kind="stable")[:SHOWN]
    return WordGroup(
        label=label,
        words=[
            WordShare(word=readable(known[place]), share=here[place] / count, elsewhere=elsewhere[place] / others)
            for place in best.tolist()
            if distance[place] >= _SURE
        ],
    )
