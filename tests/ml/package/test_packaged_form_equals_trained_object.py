"""Every preset and task: what is packaged predicts as what was trained, missing and unseen values included."""

import numpy as np
import pytest

from ml.features.cells import cells
from ml.package.parity import difference
from ml.trainers.constant import Majority, Mean
from ml.trainers.keras.mlp import KerasMlp
from ml.trainers.sklearn.any_estimator import Sklearn
from ml.trainers.sklearn.presets import GradientBoosting, LogisticRegression, PresetParams, RandomForest, Ridge

pytestmark = [pytest.mark.untraced, pytest.mark.slow]

CASES = [
    (LogisticRegression, {}, "binary", "onnx"),
    (LogisticRegression, {"class_weight": {"1": 2.0, "7": 1.0, "2": 1.0}}, "multiclass", "onnx"),
    (Ridge, {}, "regression", "onnx"),
    *[(RandomForest, {"n_estimators": 40}, task, "onnx") for task in ("binary", "multiclass", "regression")],
    *[(GradientBoosting, {"n_estimators": 40}, task, "onnx") for task in ("binary", "multiclass", "regression")],
    *[(KerasMlp, {"epochs": 3}, task, "onnx") for task in ("binary", "multiclass", "regression")],
    (KerasMlp, {"epochs": 3, "activation": "mish"}, "multiclass", "keras"),
    (Majority, {}, "binary", "rules"),
    (Majority, {}, "multiclass", "rules"),
    (Mean, {}, "regression", "rules"),
    (Sklearn, {"estimator": "HistGradientBoostingClassifier", "max_iter": 10}, "multiclass", "skops"),
    (Sklearn, {"estimator": "HistGradientBoostingRegressor", "max_iter": 10}, "regression", "skops"),
    (Sklearn, {"estimator": "LinearSVC"}, "binary", None),
    (Sklearn, {"estimator": "KNeighborsClassifier"}, "multiclass", "skops"),
    (Sklearn, {"estimator": "MLPRegressor", "hidden_layer_sizes": [8], "max_iter": 20}, "regression", None),
]


@pytest.mark.parametrize(("trainer", "params", "task", "runtime"), CASES)
def test_packaged_form_equals_the_trained_object_on_1000_rows(
    trainer, params, task, runtime, benches, packaged, tmp_path
):
    bench = benches[task]
    fitted = trainer(trainer.Params(**params)).fit(bench.matrix, bench.matrix, bench.signature, seed=5)
    model = packaged(fitted, bench, tmp_path / "package")
    assert runtime in (None, model.manifest.runtime)
    predictions = model.predict(cells(bench.asked, bench.signature))
    assert difference(fitted.predict(bench.ask()), predictions) is None
    assert len(model.encode(predictions)) == 1000


@pytest.mark.parametrize("trainer", [LogisticRegression, RandomForest])
def test_trained_object_predicts_as_its_scikit_learn_pipeline(trainer, benches):
    bench = benches["binary"]
    fitted = trainer(trainer.Params()).fit(bench.matrix, bench.matrix, bench.signature, seed=5)
    predictions, exact = fitted.predict(bench.ask()), bench.ask().astype(np.float64)
    assert (predictions.codes == fitted.pipeline.predict(exact)).all()
    assert np.abs(predictions.probabilities - fitted.pipeline.predict_proba(exact)).max() < 1e-12


def test_a_class_without_training_rows_gets_probability_zero(benches, packaged, tmp_path):
    bench = benches["multiclass"]
    fitted = LogisticRegression(PresetParams()).fit(bench.matrix, bench.matrix, bench.signature, seed=0)
    model = packaged(fitted, bench, tmp_path / "package")
    first = model.encode(model.predict(cells(bench.asked.head(1), bench.signature))).records[0]
    assert first["probabilities"]["3"] == 0.0 and set(first["probabilities"]) == {"1", "2", "3", "7"}
    assert first["label"] in (1, 2, 7) and abs(sum(first["probabilities"].values()) - 1) < 1e-6


def test_the_same_seed_gives_the_same_packaged_model(benches, packaged, tmp_path):
    bench, digests = benches["binary"], []
    for name in ("one", "two"):
        trainer = RandomForest(PresetParams.model_validate({"n_estimators": 5}))
        model = packaged(trainer.fit(bench.matrix, bench.matrix, bench.signature, seed=9), bench, tmp_path / name)
        digests.append(model.manifest.files["model.onnx"].sha256)
    assert digests[0] == digests[1]
