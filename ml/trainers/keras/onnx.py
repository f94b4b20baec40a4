"""A trained network as an ONNX graph, written node by node from its constants and weights."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ml.runtimes.onnx import CLASSES, COLUMNS, INPUT, PROBABILITIES
from ml.trainers.keras.network import FAR, Head, Preparation, TrainedNetwork

_OPSET, _IR = 17, 8  # what onnxruntime has read for years
_LABEL, _PROBABILITIES, _VALUE = "label", "probabilities", "value"


class Graph:
    """Nodes and constants of a graph that grows; every method returns the name of what it added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: NDArray[Any]) -> str:
        """Add a tensor."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def number(self, value: float) -> str:
        """Add a float32 scalar."""
        return self.constant(np.array(value, dtype=np.float32))

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def _gelu(graph: Graph, x: str) -> str:
    bell = graph.add("Erf", graph.add("Mul", x, graph.number(float(np.sqrt(0.5)))))
    half = graph.add("Mul", x, graph.number(0.5))
    return graph.add("Mul", half, graph.add("Add", bell, graph.number(1.0)))


def _silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


# The defaults of Keras, not those of ONNX, where the two differ.
ACTIVATIONS: Mapping[str, Callable[[Graph, str], str]] = {
    "relu": lambda graph, x: graph.add("Relu", x),
    "leaky_relu": lambda graph, x: graph.add("LeakyRelu", x, alpha=0.2),
    "elu": lambda graph, x: graph.add("Elu", x, alpha=1.0),
    "selu": lambda graph, x: graph.add("Selu", x),
    "gelu": _gelu,
    "silu": _silu,
    "tanh": lambda graph, x: graph.add("Tanh", x),
    "sigmoid": lambda graph, x: graph.add("Sigmoid", x),
    "softplus": lambda graph, x: graph.add("Softplus", x),
}


def convert(network: TrainedNetwork, features: int) -> bytes:
    """Return the graph's bytes; its activation must be one of `ACTIVATIONS`."""
    graph = Graph()
    hidden = prepared(graph, network.preparation)
    given = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features])]
    return sealed(graph, network.head, given, raw_sums(graph, network, hidden))


def raw_sums(graph: Graph, network: TrainedNetwork, hidden: str) -> str:
    """Add the hidden layers behind `hidden` and the last one's sums."""
    for number in range(1, len(network.params.layers) + 1):
        hidden = dense(graph, hidden, weights_of(network, f"dense_{number}"))
        if network.params.batch_normalization:
            layer = network.model.get_layer(f"normalization_{number}")
            constants = [graph.constant(one) for one in layer.get_weights()]
            hidden = graph.add("BatchNormalization", hidden, *constants, epsilon=float(layer.epsilon))
        hidden = ACTIVATIONS[network.params.activation](graph, hidden)
    return dense(graph, hidden, weights_of(network, "raw"))


def weights_of(network: TrainedNetwork, layer: str) -> Sequence[NDArray[np.float32]]:
    """Return the weights of a layer, by its name."""
    found: Sequence[NDArray[np.float32]] = network.model.get_layer(layer).get_weights()
    return found


def prepared(graph: Graph, preparation: Preparation) -> str:
    """Add what the first layer takes, made of the float matrix."""
    parts = []
    if len(preparation.numbers):
        given = graph.add("Gather", INPUT, graph.constant(preparation.numbers), axis=1)
        full = graph.add("Where", graph.add("IsNaN", given), graph.constant(preparation.medians), given)
        moved = graph.add("Sub", full, graph.constant(preparation.means))
        scaled = graph.add("Mul", moved, graph.constant(preparation.inverse))
        parts.append(graph.add("Clip", scaled, graph.number(-FAR), graph.number(FAR)))
    if len(preparation.coded):
        repeated = graph.add("Gather", INPUT, graph.constant(preparation.coded), axis=1)
        equal = graph.add("Equal", repeated, graph.constant(preparation.codes))
        parts.append(graph.add("Cast", equal, to=TensorProto.FLOAT))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def dense(graph: Graph, hidden: str, weights: Sequence[NDArray[np.float32]]) -> str:
    """Add a layer on (rows, numbers)."""
    kernel, bias = weights
    return graph.add("Gemm", hidden, graph.constant(kernel), graph.constant(bias))


def _answer(graph: Graph, head: Head, raw: str) -> list[Any]:
    if not head.classes:
        scaled = graph.add("Mul", raw, graph.number(head.scale))
        graph.add("Add", scaled, graph.number(head.offset), output=_VALUE)
        return [helper.make_tensor_value_info(_VALUE, TensorProto.FLOAT, [None, 1])]
    known = graph.add("Softmax", raw, axis=1, output=_PROBABILITIES)
    place = graph.add("ArgMax", known, axis=1, keepdims=0)
    graph.add("Gather", graph.constant(np.array(head.classes, dtype=np.int64)), place, output=_LABEL)
    return [
        helper.make_tensor_value_info(_LABEL, TensorProto.INT64, [None]),
        helper.make_tensor_value_info(_PROBABILITIES, TensorProto.FLOAT, [None, len(head.classes)]),
    ]


def sealed(graph: Graph, head: Head, given: list[Any], raw: str, columns: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a graph that takes `given` and sums up `raw` in its last layer.

    `columns` are the arrays that its inputs take, where they have names of their own.
    """
    outputs = _answer(graph, head, raw)
    model = helper.make_model(
        helper.make_graph(graph.nodes, "drivetrain", given, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="drivetrain",
    )
    told = {CLASSES: head.classes, PROBABILITIES: bool(head.classes)} | ({COLUMNS: dict(columns)} if columns else {})
    helper.set_model_props(model, {key: json.dumps(value) for key, value in told.items()})
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
