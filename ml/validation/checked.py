"""What validation finds of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.validation.actions import Flag
from ml.validation.row_errors import RowError


@dataclass(frozen=True)
class Checked:
    """What rows are.

    `cells` are the valid rows as columns, as the model takes them, `positions` their places in the request, `errors`
    the others by place, `flags` what is to be told of predicted rows, by place too. `sent` are the columns before
    anything was clipped or taken for missing; None: as `cells`.
    """

    cells: Mapping[str, Sequence[Any]]
    positions: list[int]
    errors: dict[int, RowError]
    flags: dict[int, list[Flag]] = field(default_factory=dict)
    sent: Mapping[str, Sequence[Any]] | None = None

    @property
    def as_sent(self) -> Mapping[str, Sequence[Any]]:
        """The columns as they were sent."""
        return self.cells if self.sent is None else self.sent
