"""What predicts, a trained object or a loaded runtime, and what comes out. Nothing heavy is imported."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from schemas.base import Scalar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cells = Mapping[str, Sequence[Scalar | None]]
"""Raw input columns of equal length; None is a missing value, dates are ISO 8601."""


@dataclass(frozen=True)
class Predictions:
    """Predictions for n rows.

    `codes`: class positions, int64 (n,), None for regression; -1 where the model abstains. `probabilities`: float64
    (n, classes) or None when the model gives none. `values`: float64 (n,), None for classification.
    """

    codes: "NDArray[np.int64] | None" = None
    probabilities: "NDArray[np.float64] | None" = None
    values: "NDArray[np.float64] | None" = None


class Predictor(ABC):
    """A trained object or a loaded runtime."""

    reads_cells: ClassVar[bool] = False
    """Whether it predicts from raw cells instead of derived features."""

    @abstractmethod
    def predict(self, features: "NDArray[np.float32]") -> Predictions:
        """Predict for the derived features, shape (n, features)."""

    def predict_cells(self, cells: Cells) -> Predictions:
        """Predict for raw cells, where `reads_cells` is true."""
        raise NotImplementedError(f"{type(self).__name__} reads features, not cells")
