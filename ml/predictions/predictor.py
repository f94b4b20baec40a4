"""What predicts, a trained object or a loaded runtime, and what comes out. Nothing heavy is imported."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.values.sparse_rows import SparseRows

Cells = Mapping[str, Sequence[Any]]
"""Raw input columns of equal length; None is a missing value, dates are ISO 8601, arrays `ml.values.tensor.Tensor`s."""
Arrays = Mapping[str, "NDArray[Any] | SparseRows"]
"""What `ml.features.derive.Deriver.arrays` gives: `features`, the float matrix, and each input that is an array.

A text is one of numbers of words, or `SparseRows` of their weights."""
FEATURES = "features"
"""The name of the float matrix, float32 (n, features)."""


@dataclass(frozen=True)
class Outlook:
    """What is known of the targets of n forecasts of H steps beforehand.

    `times`: when they are, datetime64[us] (n, H), Universal Time for minutes and hours of a zone, else by its clocks.
    `naive`: how wrong the seasonal naive forecast was within each history, float64 (n,), NaN where it gives no scale.
    `series`: names, (n,), None where there is but one. `offsets`: how many seconds the clocks of the zone are ahead of
    Universal Time at these times, int64 (n, H), None where times are not Universal Time.
    """

    times: "NDArray[Any]"
    naive: "NDArray[np.float64]"
    series: Sequence[str] | None = None
    offsets: "NDArray[np.int64] | None" = None

    @property
    def wall(self) -> "NDArray[Any]":
        """When the targets are by the clocks of their place, datetime64[us] (n, H)."""
        return self.times if self.offsets is None else self.times + self.offsets.astype("timedelta64[s]")

    def chosen(self, rows: "NDArray[np.bool_]") -> "Outlook":
        """Return that of the rows where `rows`, (n,), is true."""
        names = self.series
        kept = None if names is None else [name for name, there in zip(names, rows.tolist(), strict=True) if there]
        offsets = None if self.offsets is None else self.offsets[rows]
        return Outlook(self.times[rows], self.naive[rows], kept, offsets)


@dataclass(frozen=True)
class Predictions:
    """Predictions for n rows.

    `codes`: class positions, int64 (n,), None for regression; -1 where the model abstains. `probabilities`: float64
    (n, classes) or None when the model gives none. `values`: float64 (n,), None for classification; of a forecast
    (n, H), with the ends of prediction intervals in `lower` and `upper` where there are some, which are to cover a
    share `level` of the targets, and the `outlook`.
    """

    codes: "NDArray[np.int64] | None" = None
    probabilities: "NDArray[np.float64] | None" = None
    values: "NDArray[np.float64] | None" = None
    lower: "NDArray[np.float64] | None" = None
    upper: "NDArray[np.float64] | None" = None
    level: float = 0.9
    outlook: Outlook | None = None


class Predictor(ABC):
    """A trained object or a loaded runtime."""

    reads_cells: ClassVar[bool] = False
    """Whether it predicts from raw cells instead of derived features."""
    reads_arrays: ClassVar[bool] = False
    """Whether it predicts from the arrays of all inputs instead of the float matrix alone."""
    inputs: Mapping[str, Any] = {}
    """Of a loaded runtime that reads arrays: the names of those that it takes, with their types."""

    @abstractmethod
    def predict(self, features: "NDArray[np.float32]") -> Predictions:
        """Predict for the derived features, shape (n, features)."""

    def predict_cells(self, cells: Cells) -> Predictions:
        """Predict for raw cells, where `reads_cells` is true."""
        raise NotImplementedError(f"{type(self).__name__} reads features, not cells")

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for the arrays of all inputs, n rows each, where `reads_arrays` is true."""
        raise NotImplementedError(f"{type(self).__name__} reads features, not arrays")


class ArrayPredictor(Predictor):
    """A predictor that takes more than the float matrix."""

    reads_arrays: ClassVar[bool] = True

    def predict(self, features: "NDArray[np.float32]") -> Predictions:
        """Predict for the derived features alone, shape (n, features)."""
        return self.predict_arrays({FEATURES: features})

    @abstractmethod
    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for the arrays of all inputs, n rows each; what a row gets must not depend on the others."""
