"""What training says of a column, besides its profile."""

from collections.abc import Collection
from dataclasses import dataclass

from ml.monitoring.column_profile import ColumnProfile


@dataclass(frozen=True)
class Expected:
    """What training says of a column: the labels it knew (None: any is valid), its range (None: the reference's).

    A nullable column may be left out of a row.
    """

    known: Collection[str] | None = None
    range: tuple[float, float] | None = None
    nullable: bool = False

    def limits(self, reference: ColumnProfile) -> tuple[float, float] | None:
        """Return the range of a number or date in training, or None."""
        if self.range is not None:
            return self.range
        return None if reference.numbers is None else (reference.numbers.minimum, reference.numbers.maximum)
