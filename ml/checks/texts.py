"""Columns of free text: how long, in which languages, and whether the same text is in two sets."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from ml.checks.share import share_outcome
from ml.text.cells import text_cells
from ml.text.language import UNKNOWN, language
from ml.text.normalize import MOST_GROWN, grown
from ml.text.tokenize import words_of
from ml.values.column_keys import key
from schemas.base import Severity
from schemas.column_types import TEXT
from schemas.data import Column, TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.evaluation import DataCheck
from schemas.table_checks import ShareCheck

FEWEST_WORDS, LONG = 5, 20
"""Texts of fewer words are written again and again without being copied; those of `LONG` words never are."""
_MOST_TOLD = 5_000
"""Texts whose language is told: more only cost time."""
_SEED = 0
_TRAIN = "train"


def check_texts(sets: Mapping[str, pd.DataFrame], schema: TableSchema, spec: DataSpec) -> list[DataCheck]:
    """Return the outcomes for each column of free text; the sets are those that the rows were split into."""
    found: list[DataCheck] = []
    for column in schema.columns:
        if column.type == TEXT:
            texts = {name: text_cells(rows[column.name]) for name, rows in sets.items()}
            everything = [text for one in texts.values() for text in one if text is not None]
            declared = spec.columns.get(column.name, ColumnSpec())
            severity: Severity = "warn" if declared.on_violation == "warn" else "fail"
            found += _lengths(column, everything, severity)
            found += _languages(column, everything, severity)
            found += _repeated(column.name, texts, spec.checks.repeated_texts)
    return found


def _lengths(column: Column, texts: Sequence[str], severity: Severity) -> list[DataCheck]:
    assert column.text is not None, "free text has a form"
    most = column.text.max_characters
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    over = int((lengths > most).sum())
    longest = int(lengths.max(initial=0))
    swollen = sum(grown(text) > MOST_GROWN for text in texts)
    message = f"column {column.name!r}: the longest text has {longest:,} characters; at most {most:,} are taken"
    if over:
        message = (
            f"column {column.name!r}: {over:,} of {len(texts):,} texts have more than {most:,} characters (up to "
            f"{longest:,}), and a request with such a one is refused; declare {key(column.name, 'max_characters')}"
        )
    if swollen:
        message += (
            f"; {swollen:,} of {len(texts):,} hold so many signs that stand for several letters each (such as U+FDFA) "
            "that a request with such a one is refused"
        )
    over += swollen
    return [_outcome("max_characters", column.name, severity, over, most, message)]


def _languages(column: Column, texts: Sequence[str], severity: Severity) -> list[DataCheck]:
    assert column.text is not None, "free text has a form"
    taken = column.text.languages
    if taken is None:
        return []
    told = pd.Series([language(text) for text in _drawn(texts)], dtype="object")
    looked_at = f"{len(told):,} texts" if len(told) == len(texts) else f"{len(told):,} texts looked at"
    others = told[~told.isin([*taken, UNKNOWN])].value_counts()
    named = ", ".join(f"{code} ({times:,})" for code, times in others.iloc[:5].items())
    message = f"column {column.name!r}: all {looked_at} are in {', '.join(taken)}, or too short to tell"
    if len(others):
        message = (
            f"column {column.name!r}: {others.sum():,} of {looked_at} are in other languages than "
            f"{', '.join(taken)}: {named}; a request with such a one is refused"
        )
    return [_outcome("languages", column.name, severity, int(others.sum()), ", ".join(taken), message)]


def _drawn(texts: Sequence[str]) -> Sequence[str]:
    """Return texts drawn at random, the same ones every time: rows that come in turns are no sample."""
    if len(texts) <= _MOST_TOLD:
        return texts
    places = np.random.default_rng(_SEED).choice(len(texts), _MOST_TOLD, replace=False)
    return [texts[place] for place in places]


def _outcome(name: str, column: str, severity: Severity, broken: int, threshold: int | str, message: str) -> DataCheck:
    return DataCheck(
        name=name,
        column=column,
        severity=severity,
        passed=not broken,
        value=broken,
        threshold=threshold,
        message=message,
    )


def _repeated(name: str, texts: Mapping[str, Sequence[str | None]], bound: ShareCheck) -> list[DataCheck]:
    """Return whether few enough texts of the other sets are in the training set, word by word.

    Different texts are counted, each once, so that some phrases which many write do not make a share; of long texts,
    which nobody writes again, also how often they come.
    """
    if bound.severity == "off":
        return []
    known = {digest for digest, words in _digests(texts[_TRAIN]) if words >= FEWEST_WORDS}
    others = [found for other, one in texts.items() if other != _TRAIN for found in _digests(one)]
    different = {digest for digest, words in others if words >= FEWEST_WORDS}
    long = [digest in known for digest, words in others if words >= LONG]
    short = sum(words < FEWEST_WORDS for _, words in others)
    again = len(different & known)
    share, of_long = again / max(1, len(different)), sum(long) / max(1, len(long))
    message = (
        f"column {name!r}: {again:,} of {len(different):,} different texts of the validation and test sets "
        f"({share:.1%}) are in the training set too, word by word; {bound.max:.1%} are tolerated"
    )
    if of_long > share:
        message += f"; of all {len(long):,} texts of {LONG} words and more it is {sum(long):,} ({of_long:.1%})"
    if short:
        message += f"; {short:,} texts of fewer than {FEWEST_WORDS} words were not compared"
    value = max(share, of_long)
    if value > bound.max:
        message += (
            ". The scores are too good by them: keep one of each, or split by what they share (split=group); for "
            "phrases that many write, raise data.checks.repeated_texts.max"
        )
    return [share_outcome("repeated_texts", name, bound, value <= bound.max, value, message)]


def _digests(texts: Sequence[str | None]) -> Iterator[tuple[bytes, int]]:
    """Yield a digest of each text's words and how many there are; the words of one text are there at a time."""
    for text in texts:
        if text is not None:
            words = words_of(text)
            joined = " ".join(words).encode("utf-8", "replace")
            yield hashlib.blake2b(joined, digest_size=16).digest(), len(words)
