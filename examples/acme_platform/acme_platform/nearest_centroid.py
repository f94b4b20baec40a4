"""Trainer `nearest_centroid`: a class is where its training rows are on average, a row belongs to the nearest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from drivetrain import ContentError, Export, Fault, Fitted, Matrix, Predictions, Signature, Strict, Task, Trainer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FURTHEST = 10.0
"""Standard deviations from the mean beyond which a value counts as this far, so that no sum overflows."""


class NearestCentroidParams(Strict):
    """How sure a prediction is."""

    temperature: float = Field(default=1.0, gt=0, description="above 1: probabilities nearer to each other")


@dataclass(frozen=True)
class FittedCentroids(Fitted):
    """Centroids of the classes that training had, as one linear layer on standardised features.

    `mean` and `deviation` have shape (features,), `weights` (features, classes), `bias` (classes,); `codes` are the
    positions of these classes among all `classes`.
    """

    mean: "NDArray[np.float32]"
    deviation: "NDArray[np.float32]"
    weights: "NDArray[np.float32]"
    bias: "NDArray[np.float32]"
    codes: tuple[int, ...]
    classes: int

    def predict(self, features: "NDArray[np.float32]") -> Predictions:
        """Predict for (n, features); a missing value counts as the mean."""
        import numpy as np

        filled = np.where(np.isnan(features), self.mean, features)
        scaled = np.clip((filled - self.mean) / self.deviation, -_FURTHEST, _FURTHEST)
        scores = scaled @ self.weights + self.bias
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = np.zeros((len(features), self.classes))
        probabilities[:, self.codes] = shares / shares.sum(axis=1, keepdims=True)
        return Predictions(codes=probabilities.argmax(axis=1), probabilities=probabilities)

    def export(self, folder: Path, example: "NDArray[np.float32]") -> Export:
        """Write `model.onnx`: the same arithmetic as a graph."""
        import numpy as np
        from onnx import TensorProto, checker, helper, numpy_helper

        constants = {
            "mean": self.mean, "deviation": self.deviation, "weights": self.weights, "bias": self.bias,
            "least": np.array(-_FURTHEST, np.float32), "most": np.array(_FURTHEST, np.float32),
        }  # fmt: skip
        nodes = [
            helper.make_node("IsNaN", ["features"], ["gaps"]),
            helper.make_node("Where", ["gaps", "mean", "features"], ["filled"]),
            helper.make_node("Sub", ["filled", "mean"], ["centred"]),
            helper.make_node("Div", ["centred", "deviation"], ["divided"]),
            helper.make_node("Clip", ["divided", "least", "most"], ["scaled"]),
            helper.make_node("MatMul", ["scaled", "weights"], ["products"]),
            helper.make_node("Add", ["products", "bias"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
        ]
        graph = helper.make_graph(
            nodes,
            "nearest_centroid",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(self.mean)])],
            [
                helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
                helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(self.codes)]),
            ],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        # Which classes the columns of the probabilities are, and that there are probabilities.
        helper.set_model_props(
            model, {"drivetrain.classes": json.dumps(self.codes), "drivetrain.probabilities": "true"}
        )
        checker.check_model(model)
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        return Export(runtime="onnx", file="model.onnx", reason="a linear layer is a graph of nine nodes")


class NearestCentroid(Trainer):
    """Predicts the class whose mean is nearest, measured in standard deviations of each feature."""

    Params = NearestCentroidParams
    params: NearestCentroidParams
    tasks: ClassVar[Sequence[Task]] = ("binary", "multiclass")

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return a fault for a regression task."""
        if task != "regression":
            return []
        return [Fault("name", "nearest_centroid predicts a class, but the task is regression", "choose ridge")]

    def fit(self, train: Matrix, validation: Matrix, signature: Signature, *, seed: int) -> FittedCentroids:
        """Average the rows of each class. Raises ContentError when no row has a class."""
        import numpy as np

        known = train.target >= 0
        if not known.any():
            raise ContentError(f"no training row has a value in the target {signature.output.target!r}")
        features, target = train.features[known].astype(np.float64), train.target[known]
        gaps = np.isnan(features)
        counts = np.maximum((~gaps).sum(axis=0), 1)
        mean = np.where(gaps, 0, features).sum(axis=0) / counts
        centred = np.where(gaps, 0, features - mean)
        deviation = np.sqrt((centred**2).sum(axis=0) / counts)
        deviation[deviation == 0] = 1
        codes = tuple(int(code) for code in np.unique(target))
        centroids = np.stack([(centred[target == code] / deviation).mean(axis=0) for code in codes])
        # |row - centroid|² less |row|², which is the same for every class.
        temperature = self.params.temperature
        return FittedCentroids(
            mean=mean.astype(np.float32),
            deviation=deviation.astype(np.float32),
            weights=(2 * centroids.T / temperature).astype(np.float32),
            bias=(-(centroids**2).sum(axis=1) / temperature).astype(np.float32),
            codes=codes,
            classes=len(signature.output.classes or []),
        )
