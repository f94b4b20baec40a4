"""The trained network on texts as the rest of the program knows it: it predicts, and it is exported."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml.components.trainer import ArrayFitted
from ml.package import parity
from ml.predictions.predictor import Arrays, Predictions, Predictor
from ml.runtimes.keras import ask
from ml.runtimes.onnx import INPUT
from ml.text.tokens import PADDING
from ml.trainers.keras.text_network import TrainedTextNetwork
from ml.values.memory_bound import MemoryBound
from schemas.learning import LearningCurves
from schemas.signature import Output

if TYPE_CHECKING:
    from ml.components.trainer import Export

_REPLAYED = 500
"""Training rows that a packaged form is asked, at most: three times each, and texts are long."""


@dataclass(frozen=True)
class FittedKerasText(TrainedTextNetwork, ArrayFitted):
    """A trained network with what its predictions mean, how it learnt, and what was warned of meanwhile."""

    output: Output
    categories: dict[int, int]
    learning: LearningCurves
    libraries: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for n rows of every input."""
        given = {name: np.asarray(arrays[column]) for name, column in self.columns.items()}
        return ask(self.model, given, self.output)

    def export_arrays(self, folder: Path, example: Arrays, memory: MemoryBound) -> "Export":
        """Write the runtime file into `folder`; each runtime's need of memory is estimated first. Raises PackageError.

        Up to 500 of the training rows `example` are replayed through the packaged form, then again with missing, unseen
        and extreme values, other words and none.
        """
        from ml.trainers.keras.export import export_compared

        return export_compared(_OfTexts(self, self.output, self._replayed(example)), folder, memory)

    def _replayed(self, example: Arrays) -> Arrays:
        scalars = parity.disturb(np.asarray(example[INPUT])[:_REPLAYED], self.categories)
        draw = np.random.default_rng(0)
        arrays = {INPUT: scalars}
        for text in self.texts:
            numbers = np.asarray(example[text.column])[:_REPLAYED]
            strange = draw.integers(0, text.numbers, size=numbers.shape, dtype=np.int32)
            empty = np.full((1, numbers.shape[1]), PADDING, dtype=np.int32)
            arrays[text.column] = np.concatenate([numbers, strange, numbers[:, ::-1], empty])
        return arrays


@dataclass(frozen=True)
class _OfTexts:
    """The comparison of a network on texts with its packaged form."""

    network: FittedKerasText
    output: Output
    rows: Arrays

    @property
    def count(self) -> int:
        return len(self.rows[INPUT])

    def difference(self, packaged: Predictor) -> str | None:
        asked = {name: self.rows[name] for name in self.network.columns.values()}
        return parity.difference(self.network.predict_arrays(asked), packaged.predict_arrays(asked))

    def graph(self) -> bytes:
        from ml.trainers.keras.text_onnx import convert

        return convert(self.network, np.asarray(self.rows[INPUT]).shape[1])

    def columns(self) -> dict[str, str]:
        return self.network.columns
