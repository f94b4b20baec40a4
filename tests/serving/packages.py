"""Small real packages for the service's tests."""

from pathlib import Path

import numpy as np

from ml.features.derive import Cell, derive
from ml.package import storage
from ml.predictions.predictor import Predictions
from ml.runtimes.onnx import CLASSES, INPUT, PROBABILITIES, OnnxModel
from ml.runtimes.rules import Constant, ConstantModel
from schemas.actions import Actions
from schemas.choice import Choice
from schemas.package import DataRecord, Manifest, Runtime, Samples, SplitRecord
from schemas.signature import (
    BooleanDerivation,
    CategoryDerivation,
    DateDerivation,
    Input,
    NumberDerivation,
    Output,
    Signature,
)

CLASSES_HERE = ["no", "yes"]
SIGNATURE = Signature(
    inputs=[
        Input(name="size", type="number", range=(0, 10)),
        Input(name="rooms", type="number", integer=True, nullable=True),
        Input(name="garden", type="boolean", nullable=True),
        Input(name="city", type="category", categories=["Bern", "Genève"]),
        Input(name="built", type="date", nullable=True),
    ],
    ignored=["listing id"],
    derivations=[
        NumberDerivation(column="size"),
        NumberDerivation(column="rooms"),
        BooleanDerivation(column="garden"),
        CategoryDerivation(column="city", categories=["Bern", "Genève"]),
        DateDerivation(column="built", parts=["year", "month"], start="2000-01-01"),
    ],
    features=["size", "rooms", "garden", "city", "built.year", "built.month"],
    output=Output(task="binary", target="sold", classes=list(CLASSES_HERE), review_threshold=0.6),
)
ROW: dict[str, Cell] = {"size": 3.5, "rooms": 2, "garden": True, "city": "Bern", "built": "1999-05-01"}
CELLS: dict[str, list[Cell]] = {
    "size": [1.0, 9.0, 5.5],
    "rooms": [1, None, 4],
    "garden": [True, None, False],
    "city": ["Bern", "Genève", "Chur"],
    "built": ["1999-05-01", None, "2020-02-29T10:00:00"],
}


def write_rules(root: Path, yes: float = 0.7, signature: Signature = SIGNATURE) -> Path:
    """Write a package that predicts every row with the same probability of "yes"."""
    rule = Constant(probabilities=[1 - yes, yes])
    answers = ConstantModel(rule, SIGNATURE.output).predict(derive(SIGNATURE, CELLS))
    return seal(root, "rules", "rules.json", rule.model_dump_json().encode(), answers, signature)


def acting(**actions: Actions) -> Signature:
    """Return the signature with what is declared of columns, by name."""
    inputs = [
        one.model_copy(
            update={"actions": found, "nullable": one.nullable if found.missing is None else found.missing != "reject"}
        )
        if (found := actions.get(one.name))
        else one
        for one in SIGNATURE.inputs
    ]
    return SIGNATURE.model_copy(update={"inputs": inputs})


def write_onnx(root: Path, seed: int = 0) -> Path:
    """Write a package with a logistic regression in ONNX."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(seed)
    features = rng.normal(size=(200, len(SIGNATURE.features))).astype(np.float32)
    target = (features[:, 0] + rng.normal(size=200) > 0).astype(np.int64)
    fitted = make_pipeline(SimpleImputer(), LogisticRegression()).fit(features, target)
    model = to_onnx(
        fitted, initial_types=[(INPUT, FloatTensorType([None, features.shape[1]]))], options={"zipmap": False}
    )
    for key, value in ((CLASSES, "[0, 1]"), (PROBABILITIES, "true")):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    data = model.SerializeToString()
    answers = OnnxModel.load(data, SIGNATURE.output).predict(derive(SIGNATURE, CELLS))
    return seal(root, "onnx", "model.onnx", data, answers)


def write_wrong_samples(root: Path) -> Path:
    """Write a package that is whole, but whose trainer predicted otherwise than what is packaged."""
    rule = Constant(probabilities=[0.9, 0.1])
    other = ConstantModel(Constant(probabilities=[0.2, 0.8]), SIGNATURE.output).predict(derive(SIGNATURE, CELLS))
    return seal(root, "rules", "rules.json", rule.model_dump_json().encode(), other)


def seal(
    root: Path, runtime: Runtime, name: str, data: bytes, answers: Predictions, signature: Signature = SIGNATURE
) -> Path:
    assert answers.codes is not None and answers.probabilities is not None
    samples = Samples(cells=CELLS, codes=answers.codes.tolist(), probabilities=answers.probabilities.tolist())
    files: dict[str, bytes | Path] = {
        name: data,
        storage.SIGNATURE: signature.model_dump_json().encode(),
        storage.SAMPLES: samples.model_dump_json().encode(),
        storage.CARD: b"# A test package\n",
    }
    split = SplitRecord(method=Choice(name="random"), salt="x", test=0.2, validation=0.2)
    manifest = Manifest(
        model="house",
        runtime=runtime,
        runtime_file=name,
        runtime_reason="for a test",
        trainer=Choice(name="test"),
        seed=0,
        data=DataRecord(label="x", fingerprint="x", rows={"train": 200}, split=split),
        git_commit=None,
        python="3.11",
        libraries={},
        files={},
    )
    storage.write(root, files, manifest)
    return root
