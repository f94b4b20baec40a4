"""Whether cells are read as they were when another version drew its rows: a row is drawn by what its cells mean."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.split.canonical_content import content
from ml.values.columns import is_text, without
from ml.values.text import normal, read_number
from schemas.data import Column, Drawn
from schemas.reading import POINT, Marks, TextReading

_LEAST_GROUPED = 1000


@dataclass(frozen=True)
class Reading:
    """How the cells of a table were read before its rows were drawn; `text` is None of rows with types."""

    drawn: Drawn
    text: TextReading | None

    def missing(self, name: str) -> set[str]:
        """Return the texts that count as missing in a column."""
        common = [] if self.text is None else self.text.missing
        return {normal(word) for word in self.drawn.missing.get(name, common)} - {""}

    @property
    def marks(self) -> Marks:
        """The marks in numbers that text writes."""
        return POINT if self.text is None else self.text.marks


def read_otherwise(before: Reading, now: Reading, rows: pd.DataFrame, columns: Iterable[Column]) -> list[str]:
    """Return the columns of which another reading changes what is drawn by, as far as `rows` show it.

    A word or a mark that no cell has changes nothing.

    Args:
        before: How the other version read its rows.
        now: How `rows` were read.
        rows: Rows that were drawn.
        columns: Their columns to compare, with the texts that count as missing now.
    """
    return [
        column.name
        for column in columns
        if _other_words(before, now, rows[column.name], column) or _other_numbers(before, now, rows[column.name])
    ]


def _other_words(before: Reading, now: Reading, values: pd.Series, column: Column) -> bool:
    """Whether a cell is missing by one of the two readings alone."""
    was, is_now = before.missing(column.name), now.missing(column.name)
    if any(column.gaps.get(word) for word in is_now - was) and bool(values.isna().any()):
        return True
    return bool(without(values, sorted(was - is_now), before.marks)[1])


def _other_numbers(before: Reading, now: Reading, values: pd.Series) -> bool:
    """Whether a cell of two text files is a number by one reading, and another number or text by the other."""
    if before.text is None or now.text is None:
        return False
    was, is_now = (str(values.name) in reading.drawn.numbers for reading in (before, now))
    if not is_now:
        return was and is_text(values) and any(_is_another(text, before.marks) for text in values.dropna().unique())
    numbers = values.dropna().to_numpy(dtype=np.float64)
    has_fractions, has_groups = bool((numbers % 1 != 0).any()), bool((np.abs(numbers) >= _LEAST_GROUPED).any())
    if not was:
        return (has_fractions and now.marks.decimal != ".") or (has_groups and now.marks.thousands is not None)
    return (has_groups and now.marks.thousands == before.marks.decimal) or (
        has_fractions and before.marks.thousands == now.marks.decimal
    )


def _is_another(text: object, marks: Marks) -> bool:
    """Whether a text writes by these marks another number than it is drawn by as text."""
    number = read_number(normal(str(text)), *marks)
    return number is not None and content(text) != float(number)
