"""A trained network on texts as an ONNX graph, written node by node; its inputs are called as the network's are."""

import numpy as np
from onnx import TensorProto, helper

from ml.runtimes.onnx import INPUT
from ml.text.tokens import PADDING
from ml.trainers.keras.onnx import Graph, prepared, raw_sums, sealed, weights_of
from ml.trainers.keras.text_network import HIDDEN, TextInput, TrainedTextNetwork


def convert(network: TrainedTextNetwork, features: int) -> bytes:
    """Return the graph's bytes; its activation must be one of `ml.trainers.keras.onnx.ACTIVATIONS`."""
    graph, given, parts = Graph(), [], []
    if network.preparation.width:
        given.append(helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features]))
        parts.append(prepared(graph, network.preparation))
    for text in network.texts:
        given.append(helper.make_tensor_value_info(text.input, TensorProto.INT32, [None, None]))
        parts.append(_pooled(graph, network, text))
    hidden = parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)
    return sealed(graph, network.head, given, raw_sums(graph, network, hidden), network.columns)


def _pooled(graph: Graph, network: TrainedTextNetwork, text: TextInput) -> str:
    (table,) = weights_of(network, f"embedding_{text.input}")
    vectors = graph.add("Gather", graph.constant(table), text.input, axis=0)
    is_padding = graph.add("Equal", text.input, graph.constant(np.array(PADDING, dtype=np.int32)))
    is_word = graph.add("Unsqueeze", graph.add("Not", is_padding), graph.constant(np.array([2], dtype=np.int64)))
    words = graph.add("Cast", is_word, to=TensorProto.FLOAT)
    if network.params.pooling == "convolution":
        return _runs(graph, network, text, graph.add("Mul", vectors, words), words)
    keys = graph.add("Tanh", _each(graph, network, f"keys_{text.input}", vectors))
    scores = _each(graph, network, f"scores_{text.input}", keys)
    shares = graph.add("Softmax", graph.add("Where", is_word, scores, graph.number(HIDDEN)), axis=1)
    weighed = graph.add("Mul", vectors, graph.add("Mul", shares, words))
    return graph.add("ReduceSum", weighed, graph.constant(np.array([1], dtype=np.int64)), keepdims=0)


def _each(graph: Graph, network: TrainedTextNetwork, layer: str, vectors: str) -> str:
    kernel, bias = weights_of(network, layer)
    return graph.add("Add", graph.add("MatMul", vectors, graph.constant(kernel)), graph.constant(bias))


def _runs(graph: Graph, network: TrainedTextNetwork, text: TextInput, vectors: str, words: str) -> str:
    kernel, bias = weights_of(network, f"convolution_{text.input}")  # (window, embedding, filters)
    before = (network.params.window - 1) // 2
    pads = [before, network.params.window - 1 - before]
    along = graph.add("Transpose", vectors, perm=[0, 2, 1])
    sums = graph.add("Conv", along, graph.constant(kernel.transpose(2, 1, 0)), graph.constant(bias), pads=pads)
    runs = graph.add("Mul", graph.add("Relu", sums), graph.add("Transpose", words, perm=[0, 2, 1]))
    return graph.add("ReduceMax", runs, axes=[2], keepdims=0)
