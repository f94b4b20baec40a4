"""What a trainer learns from."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml.predictions.predictor import FEATURES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.predictions.predictor import Arrays, Cells


@dataclass(frozen=True)
class Matrix:
    """Derived features, float32 (n, features), and the target: class codes int64 (n,) or values float64 (n,).

    A target class that the training set does not have is coded -1. `cells` are the raw input columns that the features
    were derived from, for trainers that read those. `arrays` are the inputs that are arrays, (n, *shape) by name; where
    a shape has free axes, rows are filled up with zeros and `NAME.shape`, int32 (n, axes), says how long each is.
    """

    features: "NDArray[np.float32]"
    target: "NDArray[Any]"
    cells: "Cells" = field(default_factory=dict)
    arrays: "Arrays" = field(default_factory=dict)

    @property
    def all_arrays(self) -> "Arrays":
        """The arrays with the float matrix among them, under `features`."""
        return {FEATURES: self.features, **self.arrays}
