"""The trained network as the rest of the program knows it: it predicts, and it is exported."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.components.trainer import Fitted
from ml.predictions.predictor import Predictions
from ml.runtimes.keras import ask
from ml.trainers.keras.network import TrainedNetwork
from ml.values.memory_bound import MemoryBound
from schemas.learning import LearningCurves
from schemas.signature import Output

if TYPE_CHECKING:
    from ml.components.trainer import Export


@dataclass(frozen=True)
class FittedKeras(TrainedNetwork, Fitted):
    """A trained network with what its predictions mean, how it learnt, and what was warned of meanwhile."""

    output: Output
    categories: dict[int, int]
    learning: LearningCurves
    libraries: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        return ask(self.model, features, self.output)

    def export(self, folder: Path, example: NDArray[np.float32]) -> "Export":
        """Write the runtime file into `folder`; `example`: training rows for the parity check. Raises PackageError."""
        from ml.package.memory import memory_bound
        from schemas.run import PackageSpec

        return self.export_within(folder, example, memory_bound(PackageSpec()))

    def export_within(self, folder: Path, example: NDArray[np.float32], memory: MemoryBound) -> "Export":
        """Do the same within a bound on memory; each runtime's need is estimated first. Raises PackageError."""
        from ml.trainers.keras.export import export

        return export(self, self.output, self.categories, folder, example, memory)
