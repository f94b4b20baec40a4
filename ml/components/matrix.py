"""What a trainer learns from."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.predictions.predictor import Cells


@dataclass(frozen=True)
class Matrix:
    """Derived features, float32 (n, features), and the target: class codes int64 (n,) or values float64 (n,).

    A target class that the training set does not have is coded -1. `cells` are the raw input columns that the features
    were derived from, for trainers that read those.
    """

    features: "NDArray[np.float32]"
    target: "NDArray[Any]"
    cells: "Cells" = field(default_factory=dict)
