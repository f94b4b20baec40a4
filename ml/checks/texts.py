"""Columns of free text: how long, in which languages, and whether the same text is in two sets."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ml.checks.share import share_outcome
from ml.text.language import UNKNOWN, language
from ml.text.tokenize import words_of
from ml.values.column_keys import key
from ml.values.columns import as_cells
from schemas.base import Severity
from schemas.data import TEXT, Column, ColumnSpec, DataSpec, TableSchema
from schemas.evaluation import DataCheck
from schemas.table_checks import ShareCheck

FEWEST_WORDS = 20
"""Shorter texts are written again and again without being copied."""
_MOST_TOLD = 5_000
"""Texts whose language is told: more only cost time."""
_TRAIN = "train"


def check_texts(sets: Mapping[str, pd.DataFrame], schema: TableSchema, spec: DataSpec) -> list[DataCheck]:
    """Return the outcomes for each column of free text; the sets are those that the rows were split into."""
    found: list[DataCheck] = []
    for column in schema.columns:
        if column.type == TEXT:
            texts = {name: [_text(cell) for cell in as_cells(rows[column.name], TEXT)] for name, rows in sets.items()}
            everything = [text for one in texts.values() for text in one if text is not None]
            declared = spec.columns.get(column.name, ColumnSpec())
            severity: Severity = "warn" if declared.on_violation == "warn" else "fail"
            found += _lengths(column, everything, severity)
            found += _languages(column, everything, severity)
            found += _repeated(column.name, texts, spec.checks.repeated_texts)
    return found


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell)


def _lengths(column: Column, texts: Sequence[str], severity: Severity) -> list[DataCheck]:
    assert column.text is not None, "free text has a form"
    most = column.text.max_characters
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    over = int((lengths > most).sum())
    longest = int(lengths.max(initial=0))
    message = f"column {column.name!r}: the longest text has {longest:,} characters; at most {most:,} are taken"
    if over:
        message = (
            f"column {column.name!r}: {over:,} of {len(texts):,} texts have more than {most:,} characters (up to "
            f"{longest:,}), and a request with such a one is refused; declare {key(column.name, 'max_characters')}"
        )
    return [_outcome("max_characters", column.name, severity, over, most, message)]


def _languages(column: Column, texts: Sequence[str], severity: Severity) -> list[DataCheck]:
    assert column.text is not None, "free text has a form"
    taken = column.text.languages
    if taken is None:
        return []
    told = pd.Series([language(text) for text in texts[:: max(1, -(-len(texts) // _MOST_TOLD))]], dtype="object")
    others = told[~told.isin([*taken, UNKNOWN])].value_counts()
    named = ", ".join(f"{code} ({times:,})" for code, times in others.iloc[:5].items())
    message = f"column {column.name!r}: all texts are in {', '.join(taken)}, or too short to tell"
    if len(others):
        message = (
            f"column {column.name!r}: {others.sum():,} of {len(told):,} texts are in other languages than "
            f"{', '.join(taken)}: {named}; a request with such a one is refused"
        )
    return [_outcome("languages", column.name, severity, int(others.sum()), ", ".join(taken), message)]


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
    """Return whether few enough texts of the other sets are in the training set, word by word."""
    if bound.severity == "off":
        return []
    known = frozenset(_digests(texts[_TRAIN]))
    others = [digest for other, one in texts.items() if other != _TRAIN for digest in _digests(one)]
    again = sum(digest in known for digest in others)
    share = again / len(others) if others else 0.0
    message = (
        f"column {name!r}: {again:,} of {len(others):,} texts of the validation and test sets ({share:.1%}) are in the "
        f"training set too, word by word; {bound.max:.1%} are tolerated"
    )
    if share > bound.max:
        message += ". The scores are too good by them: keep one of each, or split by what they share (split=group)"
    return [share_outcome("repeated_texts", name, bound, share <= bound.max, share, message)]


def _digests(texts: Sequence[str | None]) -> list[bytes]:
    """Return one digest for each text that is long enough to be told from others."""
    words = [words_of(text) for text in texts if text is not None]
    return [
        hashlib.blake2b(" ".join(one).encode("utf-8", "replace"), digest_size=16).digest()
        for one in words
        if len(one) >= FEWEST_WORDS
    ]
