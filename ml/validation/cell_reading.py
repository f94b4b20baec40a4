"""How the text of one column is read: by its package, or by a file that says so for itself."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from ml.values.text import normal, read_number
from schemas.reading import POINT, Decimal, Marks, TextReading, Thousands
from schemas.signature import Input


@dataclass(frozen=True)
class CellReading:
    """How text in one column is read; `decimal` None: it is no number. `gaps` are the numbers that count as missing."""

    missing: frozenset[str]
    decimal: Decimal | None
    thousands: Thousands | None
    gaps: frozenset[float]

    @property
    def marks(self) -> Marks:
        """The marks in numbers that text writes."""
        return POINT if self.decimal is None else Marks(self.decimal, self.thousands)

    @classmethod
    def of(
        cls,
        column: Input,
        own: TextReading | None,
        given: TextReading | None = None,
        known: Collection[str] = (),
    ) -> Self:
        """Return how a column is read.

        Args:
            column: What the package says of it.
            own: How the package's training rows were written.
            given: How the text at hand is written, of a file that says so for itself; None: as the training rows.
            known: The labels that training knew; where its rows had types, a word for missing may be one of them.
        """
        missing = frozenset(map(normal, column.missing or ()))
        marks = column if given is None else given
        if given is not None:
            words, whole = frozenset(map(normal, given.missing)), frozenset(map(normal, own.missing if own else ()))
            if own is None:
                missing |= words - frozenset(known)
            elif whole <= missing:
                missing = (missing - whole) | words
            else:  # the column was declared to have words of its own
                missing |= words - whole
        read = (read_number(word, marks.decimal or ".", marks.thousands) for word in missing)
        gaps = frozenset(float(number) for number in read if number is not None)
        return cls(missing, marks.decimal, marks.thousands, gaps)
