"""Predictions in labels and units, and which are routed to review."""

from typing import Any

import numpy as np
import pytest

from ml.package.model import PackagedModel
from ml.predictions.predictions import decide
from ml.predictions.predictor import Predictions
from ml.runtimes import load
from ml.runtimes.rules import Constant, ConstantModel
from ml.runtimes.skops import SkopsModel
from ml.trainers.sklearn.presets import LogisticRegression, PresetParams, Ridge
from schemas.errors import PackageError
from schemas.signature import Output


def extended(benches, task, **output):
    signature = benches[task].signature
    signature = signature.model_copy(update={"output": signature.output.model_copy(update=output)})
    nothing: Any = None  # no files: what is asked of it needs the signature alone
    return PackagedModel(nothing, nothing, signature, ConstantModel(Constant(), signature.output))


def test_predictions_below_the_review_threshold_are_routed_to_review(benches):
    model = extended(benches, "binary", review_threshold=0.8)
    predictions = Predictions(codes=np.array([0, 1]), probabilities=np.array([[0.7, 0.3], [0.1, 0.9]]))
    assert model.encode(predictions).records == [
        {"label": "no", "probabilities": {"no": 0.7, "yes": 0.3}, "needs_review": True},
        {"label": "yes", "probabilities": {"no": 0.1, "yes": 0.9}, "needs_review": False},
    ]


def test_abstaining_model_answers_null_and_asks_for_review(benches):
    assert extended(benches, "multiclass").encode(Predictions(codes=np.array([-1, 3]))).records == [
        {"label": None, "needs_review": True},
        {"label": 7, "needs_review": False},
    ]


def test_regression_answers_values(benches):
    assert extended(benches, "regression").encode(Predictions(values=np.array([1.5]))).records == [
        {"value": 1.5, "needs_review": False}
    ]


def test_decision_threshold_moves_the_boundary():
    probabilities = np.array([[0.75, 0.25], [0.65, 0.35], [0.7, 0.3]])
    assert decide(probabilities, 0.3).tolist() == [0, 1, 1]
    assert decide(probabilities).tolist() == [0, 0, 0]


def test_a_tie_up_to_rounding_goes_to_the_first_class():
    assert decide(np.array([[0.49999998, 0.50000002]])).tolist() == [0]


@pytest.mark.parametrize("runtime", ["onnx", "keras", "skops", "rules"])
def test_bytes_that_are_no_model_are_refused(runtime):
    with pytest.raises(PackageError):
        load.load(runtime, b"{}", Output(task="binary", target="y", classes=["a", "b"]))


def test_skops_file_with_a_foreign_type_is_refused():
    from functools import partial

    from skops.io import dumps

    with pytest.raises(PackageError, match="not trusted"):
        SkopsModel.load(dumps(partial(print, "x")), Output(task="regression", target="y"))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_absurdly_large_numbers_get_finite_predictions(task, benches, packaged, tmp_path):
    bench = benches[task]
    trainer = {"binary": LogisticRegression, "regression": Ridge}[task]
    fitted = trainer(PresetParams()).fit(bench.matrix, bench.matrix, bench.signature, seed=0)
    model = packaged(fitted, bench, tmp_path / "package")
    cells = {one.name: [None] for one in bench.signature.inputs} | {"größe in cm": [1e300], "big": [-1e300]}
    predictions = model.predict(cells)
    numbers = predictions.values if task == "regression" else predictions.probabilities
    assert model.manifest.runtime == "onnx" and np.isfinite(numbers).all()
