"""A package whose model says whether a picture of 100 × 100 × 3 is light, written by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ml.features.derive import Deriver
from ml.monitoring.profiles import reference_profile
from ml.package import storage
from ml.package.model import cells_of
from ml.runtimes.load import load
from ml.runtimes.onnx import CLASSES, PROBABILITIES
from schemas.choice import Choice
from schemas.package import DataRecord, Manifest, Samples, SplitRecord
from schemas.signature import Input, Output, Signature, TensorDerivation

SHAPE = [100, 100, 3]
SIGNATURE = Signature(
    inputs=[Input(name="picture", type="picture", shape=[*SHAPE], dtype="uint8", mode="RGB")],
    derivations=[TensorDerivation(column="picture", shape=[*SHAPE], dtype="uint8")],
    features=[],
    output=Output(task="binary", target="light", classes=["dark", "light"]),
)


def drawn(seed: int) -> Any:
    """Return a picture as nested lists."""
    return np.random.default_rng(seed).integers(0, 256, SHAPE).tolist()


def write(root: Path) -> Path:
    """Write the package."""
    data = _graph()
    samples = Samples(cells={"picture": [drawn(seed) for seed in range(3)]})
    cells = cells_of(samples, SIGNATURE)
    predicted = load("onnx", data, SIGNATURE.output).predict_arrays(Deriver(SIGNATURE).arrays(cells))
    assert predicted.codes is not None and predicted.probabilities is not None
    known = {"codes": predicted.codes.tolist(), "probabilities": predicted.probabilities.tolist()}
    files: dict[str, bytes | Path] = {
        "model.onnx": data,
        storage.SIGNATURE: SIGNATURE.model_dump_json().encode(),
        storage.SAMPLES: samples.model_copy(update=known).model_dump_json().encode(),
        storage.CARD: b"# Pictures\n",
        storage.REFERENCE: reference_profile(cells, SIGNATURE, predicted),
    }
    split = SplitRecord(method=Choice(name="random"), salt="x", test=0.2, validation=0.2)
    manifest = Manifest(
        model="pictures",
        runtime="onnx",
        runtime_file="model.onnx",
        runtime_reason="written by hand",
        trainer=Choice(name="none"),
        seed=0,
        data=DataRecord(label="pictures", fingerprint="none", rows={"train": 3}, split=split),
        git_commit=None,
        python="3.11",
        libraries={},
        files={},
    )
    storage.write(root, files, manifest)
    return root


def _graph() -> bytes:
    nodes = [
        helper.make_node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Mul", ["column", "weights"], ["sums"]),
        helper.make_node("Softmax", ["sums"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "pictures",
        [helper.make_tensor_value_info("picture", TensorProto.UINT8, [None, *SHAPE])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
        ],
        [
            numpy_helper.from_array(np.array([1]), "last"),
            numpy_helper.from_array(np.array([[-0.01, 0.01]], dtype=np.float32), "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in ((CLASSES, json.dumps([0, 1])), (PROBABILITIES, "true")):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
