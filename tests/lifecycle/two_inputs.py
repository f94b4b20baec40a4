"""A made-up plug-in whose trainer takes an 8 × 8 array and two columns, and rows for it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steps import registry

MODULE = "acme_arrays"
SOURCE = '''
"""A logistic regression on an 8 x 8 array and the float matrix."""

from dataclasses import dataclass

import numpy as np

from drivetrain import FEATURES, ArrayFitted, ContentError, Export, Predictions, Strict, Trainer


class Params(Strict):
    strength: float = 1.0


@dataclass(frozen=True)
class FittedTwoInputs(ArrayFitted):
    weights: np.ndarray
    bias: np.ndarray
    scale: np.ndarray

    def predict_arrays(self, arrays):
        grid = arrays["grid"].reshape(len(arrays["grid"]), -1)
        given = np.concatenate([arrays[FEATURES], grid], axis=1) * self.scale
        raw = given @ self.weights + self.bias
        raw = np.exp(raw - raw.max(axis=1, keepdims=True))
        shares = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float64)
        return Predictions(codes=shares.round(6).argmax(axis=1), probabilities=shares)

    def export_arrays(self, folder, example, memory):
        import json

        import onnx
        from onnx import TensorProto, helper, numpy_helper

        def constant(name, value):
            return numpy_helper.from_array(value, name)

        width = example[FEATURES].shape[1]
        nodes = [
            helper.make_node("Reshape", ["grid", "flat"], ["long"]),
            helper.make_node("Concat", [FEATURES, "long"], ["both"], axis=1),
            helper.make_node("Mul", ["both", "scale"], ["scaled"]),
            helper.make_node("MatMul", ["scaled", "weights"], ["sums"]),
            helper.make_node("Add", ["sums", "bias"], ["raw"]),
            helper.make_node("Softmax", ["raw"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
        ]
        graph = helper.make_graph(
            nodes,
            "two_inputs",
            [
                helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, [None, width]),
                helper.make_tensor_value_info("grid", TensorProto.FLOAT, [None, 8, 8]),
            ],
            [
                helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
                helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, self.weights.shape[1]]),
            ],
            [
                constant("flat", np.array([-1, 64])),
                constant("scale", self.scale),
                constant("weights", self.weights),
                constant("bias", self.bias),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        known = list(range(self.weights.shape[1]))
        for key, value in (("drivetrain.classes", json.dumps(known)), ("drivetrain.probabilities", "true")):
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        return Export("onnx", "model.onnx", "a graph written by hand, equal on the training rows")


class TwoInputs(Trainer):
    """Takes arrays beside single values."""

    Params = Params
    tasks = ("binary", "multiclass")
    takes = frozenset({"number", "boolean", "category", "identifier", "date", "tensor"})

    def fit(self, train, validation, signature, *, seed):
        from sklearn.linear_model import LogisticRegression

        if not len(train.target):
            raise ContentError("there is no row")
        grid = train.arrays["grid"].reshape(len(train.target), -1)
        given = np.concatenate([train.features, grid], axis=1)
        scale = (1 / np.maximum(given.std(axis=0), 1e-6)).astype(np.float32)
        model = LogisticRegression(C=self.params.strength, max_iter=500).fit(given * scale, train.target)
        weights, bias = model.coef_.T, model.intercept_
        if weights.shape[1] == 1:
            weights, bias = np.hstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
        return FittedTwoInputs(weights.astype(np.float32), bias.astype(np.float32), scale)
'''
YAML = """# @package _global_
defaults:
  - override /data: parquet
  - override /trainer: two_inputs
name: two_inputs
seed: 3
data:
  path: {path}
  target: kind
  columns: {{grid: {{type: tensor, shape: [8, 8]}}}}
journal: {{keep: {keep}}}
monitor: {{window: 300, min_rows: 50}}
"""


OPTION = "# Takes an array beside single values.\nname: two_inputs\n"


def option(folder: Path) -> None:
    """Write the trainer's option beside an experiment of the same folder of configuration."""
    (folder / "trainer").mkdir(parents=True, exist_ok=True)
    (folder / "trainer" / "two_inputs.yaml").write_text(OPTION)


def rows(count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Return rows whose class shows in the upper half of the grid and in `size`."""
    draw = np.random.default_rng(seed)
    kind = draw.integers(0, 2, count)
    grid = draw.normal(0, 1, (count, 8, 8)) + shift
    grid[:, :4] += 0.12 * (2 * kind - 1)[:, None, None]
    size = draw.normal(10 + 0.5 * kind, 1, count)
    table = pd.DataFrame({"size": size.round(3), "wet": draw.random(count) < 0.5})
    table["grid"] = [one.round(4).tolist() for one in grid]
    table["kind"] = np.where(kind == 1, "even", "odd")
    return table


def write(table: pd.DataFrame, path: Path) -> Path:
    """Write rows with their nested lists as Parquet has them."""
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)
    return path


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Have the plug-in installed while the block runs."""
    info = folder / "acme_arrays-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-arrays\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[drivetrain.components]\ntrain.two_inputs = {MODULE}:TwoInputs\n[drivetrain.contract]\n1.1 = {MODULE}\n"
    )
    (folder / f"{MODULE}.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        registry.clear_cache()
        yield
    registry.clear_cache()
    sys.modules.pop(MODULE, None)
