"""Small packages in ONNX whose model has a fault that its samples do not show: it concerns rows of one size."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ml.features.derive import derive
from ml.runtimes.onnx import CLASSES, INPUT, PROBABILITIES, OnnxModel
from tests.serving import packages

SIZE = 7.0
"""Of the rows that a fault concerns."""
_SLOW = 500  # rows and columns of a matrix whose product takes milliseconds


def write_failing(root: Path) -> Path:
    """Write a model that breaks on rows of `SIZE`: it looks up what is not there."""
    nodes = [
        helper.make_node("Cast", ["is_odd"], ["places"], to=TensorProto.INT64),
        helper.make_node("Mul", ["places", "far"], ["far_away"]),
        helper.make_node("Gather", ["zeros", "far_away"], ["extra"]),
    ]
    more: dict[str, NDArray[Any]] = {"far": np.array(1000, dtype=np.int64), "zeros": np.zeros(2, dtype=np.float32)}
    return _write(root, nodes, more)


def write_nan(root: Path) -> Path:
    """Write a model that predicts NaN for rows of `SIZE`."""
    nodes = [
        helper.make_node("Cast", ["is_odd"], ["odd"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["one", "odd"], ["even"]),
        helper.make_node("Div", ["even", "even"], ["ratio"]),
        helper.make_node("Sub", ["ratio", "one"], ["extra"]),
    ]
    return _write(root, nodes, {"one": np.array(1, dtype=np.float32)})


def write_slow(root: Path) -> Path:
    """Write a model that is slow for all rows."""
    products = ["given", *(f"product{number}" for number in range(4))]
    nodes = [helper.make_node("MatMul", [before, "slow"], [after]) for before, after in pairwise(products)]
    nodes = [  # of what is asked, or all of it would be computed once and for all
        helper.make_node("ReduceSum", ["flat"], ["asked"], keepdims=0),
        helper.make_node("Mul", ["asked", "zero"], ["none_asked"]),
        helper.make_node("Add", ["slow", "none_asked"], ["given"]),
        *nodes,
        helper.make_node("ReduceSum", [products[-1]], ["sum"], keepdims=0),
        helper.make_node("Cast", ["is_odd"], ["odd"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["odd", "odd"], ["nothing"]),
        helper.make_node("Mul", ["sum", "zero"], ["no_sum"]),
        helper.make_node("Add", ["nothing", "no_sum"], ["extra"]),
    ]
    matrix = np.random.default_rng(0).normal(size=(_SLOW, _SLOW)).astype(np.float32)
    return _write(root, nodes, {"slow": matrix, "zero": np.array(0, dtype=np.float32)})


def _write(root: Path, nodes: list[NodeProto], constants: dict[str, NDArray[Any]]) -> Path:
    """Write a model that says yes with 0.7, with `extra` added, which `nodes` make of `is_odd`, both (rows,)."""
    width = len(packages.SIGNATURE.features)
    given: dict[str, NDArray[Any]] = {
        "first": np.array([0], dtype=np.int64),
        "size": np.array(SIZE, dtype=np.float32),
        "columns": np.array([1], dtype=np.int64),
        "likely": np.array([[0.3, 0.7]], dtype=np.float32),
        "nil": np.array(0, dtype=np.float32),
        "half": np.array(0.5, dtype=np.float32),
        **constants,
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gather", [INPUT, "first"], ["sizes"], axis=1),
            helper.make_node("Squeeze", ["sizes", "columns"], ["flat"]),
            helper.make_node("Equal", ["flat", "size"], ["is_odd"]),
            *nodes,
            helper.make_node("Unsqueeze", ["extra", "columns"], ["column"]),
            helper.make_node("Add", ["column", "likely"], ["probabilities"]),
            helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
        ],
        "faulty",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, width])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
        ],
        [numpy_helper.from_array(value, name) for name, value in given.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in ((CLASSES, "[0, 1]"), (PROBABILITIES, "true")):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    data = model.SerializeToString()
    answers = OnnxModel.load(data, packages.SIGNATURE.output).predict(derive(packages.SIGNATURE, packages.CELLS))
    return packages.seal(root, "onnx", "model.onnx", data, answers)
