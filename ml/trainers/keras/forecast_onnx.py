"""The weights of a network that forecasts: what it computes in NumPy, and the same as an ONNX graph."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ml.predictions.predictions import bounded
from ml.runtimes.onnx import CLASSES, INPUT, PROBABILITIES
from ml.trainers.keras.onnx import ACTIVATIONS, Graph

FAR = 100.0
"""Standardised numbers are cut here: beyond it float32 tells two forms of one network apart."""
_OPSET, _IR = 17, 8  # what onnxruntime has read for years
_RESOLUTION = 1e-7
Dense = Sequence[NDArray[np.float32]]
"""Kernel and bias of a layer."""


@dataclass(frozen=True)
class Weights:
    """Means and one over the deviations of the features, the layers, and the activation between them."""

    means: NDArray[np.float32]
    inverse: NDArray[np.float32]
    hidden: Sequence[Dense]
    last: Dense
    linear: Dense
    activation: str

    def steps(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return all steps of windows in units of their scale, (n, H), in float64."""
        ready = np.clip((bounded(features).astype(np.float64) - self.means) * self.inverse, -FAR, FAR)
        hidden = ready
        for kernel, bias in self.hidden:
            hidden = _bent(hidden @ kernel + bias, self.activation)
        return np.asarray(hidden @ self.last[0] + self.last[1] + ready @ self.linear[0] + self.linear[1])


def measured(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the means of features, (n, f), and one over their deviations; 0 for the level, the scale and constants."""
    exact = features.astype(np.float64)
    means, deviations = exact.mean(axis=0), exact.std(axis=0)
    constant = deviations <= _RESOLUTION * np.maximum(np.abs(means), 1e-23)
    inverse = np.where(constant, 0.0, 1 / np.where(constant, 1.0, deviations))
    inverse[:2] = 0.0  # they are taken out of the target, and say nothing of its shape
    return means.astype(np.float32), inverse.astype(np.float32)


def convert(weights: Weights) -> bytes:
    """Return the graph's bytes: from rows of the matrix to steps in units of their scale."""
    graph = Graph()
    moved = graph.add("Sub", INPUT, graph.constant(weights.means))
    scaled = graph.add("Mul", moved, graph.constant(weights.inverse))
    ready = graph.add("Clip", scaled, graph.number(-FAR), graph.number(FAR))
    hidden = ready
    for kernel, bias in weights.hidden:
        sums = graph.add("Gemm", hidden, graph.constant(kernel), graph.constant(bias))
        hidden = ACTIVATIONS[weights.activation](graph, sums)
    parts = [
        graph.add("Gemm", source, graph.constant(kernel), graph.constant(bias))
        for source, (kernel, bias) in ((hidden, weights.last), (ready, weights.linear))
    ]
    graph.add("Add", *parts, output="value")
    steps = len(weights.last[1])
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "drivetrain",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, len(weights.means)])],
            [helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, steps])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="drivetrain",
    )
    helper.set_model_props(model, {CLASSES: json.dumps([]), PROBABILITIES: json.dumps(False)})
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _bent(sums: NDArray[np.float64], activation: str) -> NDArray[np.float64]:
    from scipy.special import erf, expit

    match activation:
        case "relu":
            return np.maximum(sums, 0)
        case "elu":
            return np.where(sums > 0, sums, np.expm1(np.minimum(sums, 0)))
        case "gelu":
            return np.asarray(sums * 0.5 * (1 + erf(sums * np.sqrt(0.5))))
        case "silu":
            return np.asarray(sums * expit(sums))
        case "tanh":
            return np.tanh(sums)
        case "softplus":
            return np.asarray(np.logaddexp(sums, 0))
        case _:
            raise AssertionError(f"{activation} is no activation of this network")
