"""What explains predictions, whatever the model is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from pydantic_core import to_json

from ml.predictions.predictor import Cells, Predictions

Explanation = dict[str, Any]
"""One row's, as JSON: `method`, `of` and what belongs to the method, or `skipped` with the reason."""
SecondsLeft = Callable[[], float]
"""How much time there is; 0 or less where there is none."""
EXACT, SAMPLED = "exact", "sampled"
NUMBER_BYTES = 26
"""Of a number in JSON with comma and colon, at most."""
HEAD_BYTES = 160
"""Of an explanation without what it says of inputs."""


class Explainer(ABC):
    """Explains predictions of one model."""

    bytes_per_row: int
    """Of an explanation as JSON, at most."""

    @abstractmethod
    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        """Yield an explanation for each row, in order; ends early where `left`, often asked, says there is no time.

        Args:
            cells: The rows as columns of equal length that satisfy the signature.
            predictions: What the model predicts for them.
            left: The seconds that there are.
        """


def bytes_of(names: list[str], numbers: int) -> int:
    """Return how many bytes an explanation has at most that gives so many numbers for each input."""
    return HEAD_BYTES + numbers * sum(len(to_json(name)) + NUMBER_BYTES for name in names)
