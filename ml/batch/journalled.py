"""How the rows of a batch are named in the model's journal, and who writes them there."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ml.predictions.predictor import Predictions
from ml.validation.checked import Checked

ROWS = 1_000
"""Rows of one request of the journal: whoever reads the journal holds some hundred requests at a time."""


def request_id(batch: str, digest: str, piece: int, part: int) -> str:
    """Return the id of a part of a piece: the same in all runs that go on with a batch, another for other rows.

    It is a UUID of version 8 (RFC 9562), those of requests to the service are of version 4. All ids of a batch begin as
    `beginning` has it.
    """
    own = hashlib.blake2b(f"{digest} {piece} {part}".encode(), digest_size=8).hexdigest()
    return f"{beginning(batch)}8{own[:3]}-{own[3:15]}"


def beginning(batch: str) -> str:
    """Return what all ids of a batch begin with."""
    return f"{batch[:8]}-{batch[8:12]}-8{batch[12:15]}-"


class BatchJournal(ABC):
    """The model's journal as a batch sees it."""

    @abstractmethod
    def requests(
        self,
        ids: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        checked: Checked,
        found: Predictions,
        seconds: float,
    ) -> list[dict[str, Any]]:
        """Return what the journal keeps of a piece's rows, as JSON has it; nothing is written.

        Args:
            ids: A name for every `ROWS` rows.
            rows: All rows of the piece, as they were read.
            checked: What they are; of the predicted rows only.
            found: What was predicted.
            seconds: How long that took.
        """

    @abstractmethod
    def write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Write what `requests` gave, unless it is there. Raises DrivetrainError."""

    @abstractmethod
    def withdraw(self, batch: str) -> None:
        """Remove what was written of a batch that is given up. Raises DrivetrainError."""
