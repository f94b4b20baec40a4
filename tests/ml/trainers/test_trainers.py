"""Parameters are checked against the estimator; rows that cannot be trained on are reported."""

import subprocess
import sys

import numpy as np
import pytest

from ml.components.matrix import Matrix
from ml.trainers.constant import Majority, Mean
from ml.trainers.sklearn.any_estimator import Sklearn, SklearnParams
from ml.trainers.sklearn.presets import GradientBoosting, LogisticRegression, PresetParams, RandomForest, Ridge
from schemas.errors import ContentError
from schemas.home import ROOT


def texts(faults):
    return [str(fault) for fault in faults]


def test_all_parameter_faults_come_at_once_with_suggestions():
    params = {"estimator": "RandomForestClassifier", "n_estimator": 3, "max_depth": -1, "criterion": "x"}
    found = Sklearn.faults(params, "binary")
    assert [fault.path for fault in found] == ["n_estimator", "max_depth", "criterion"]
    assert "Did you mean 'n_estimators'?" in found[0].message and "[1, inf)" in found[1].message


def test_misspelt_estimator_gets_a_suggestion():
    assert (
        "Did you mean 'RandomForestClassifier'?"
        in texts(Sklearn.faults({"estimator": "RandomForrestClassifier"}, "auto"))[0]
    )


def test_estimator_built_around_others_is_refused():
    assert "which a configuration cannot name" in texts(Sklearn.faults({"estimator": "VotingClassifier"}, "auto"))[0]


def test_estimator_of_the_wrong_kind_for_the_task_is_refused():
    assert "is a regressor, but the task is binary" in texts(Sklearn.faults({"estimator": "Lasso"}, "binary"))[0]
    assert "the task is regression" in texts(LogisticRegression.faults({}, "regression"))[0]


def test_parameter_is_allowed_when_one_class_of_the_preset_takes_it_and_the_task_is_open():
    assert RandomForest.faults({"criterion": "gini"}, "auto") == []
    assert RandomForest.faults({"criterion": "gini"}, "regression") != []
    assert GradientBoosting.faults({"n_estimators": "many", "oops": 1}, "auto")[1].path == "oops"
    assert Ridge.faults({"alpha": 2.0}, "regression") == []


@pytest.mark.parametrize("estimator", ["SVC", "GaussianNB", "Lasso", "PLSRegression", "GaussianProcessClassifier"])
def test_estimators_of_any_module_are_found_by_class_name(estimator):
    assert Sklearn.faults({"estimator": estimator}, "auto") == []


def test_one_class_only_cannot_be_trained_on(benches):
    bench = benches["binary"]
    one = Matrix(bench.matrix.features, np.zeros(len(bench.train), dtype=np.int64))
    with pytest.raises(ContentError, match="same class"):
        LogisticRegression(PresetParams()).fit(one, one, bench.signature, seed=0)


def test_missing_target_cannot_be_trained_on(benches):
    bench = benches["regression"]
    target = bench.matrix.target.copy()
    target[:3] = np.nan
    broken = Matrix(bench.matrix.features, target)
    with pytest.raises(ContentError, match="3 of 700 training rows"):
        Ridge(PresetParams()).fit(broken, broken, bench.signature, seed=0)


def test_what_the_estimator_refuses_is_a_content_error(benches):
    bench = benches["binary"]
    trainer = Sklearn(SklearnParams.model_validate({"estimator": "NuSVC", "nu": 1.0}))
    with pytest.raises(ContentError, match="NuSVC cannot be trained"):
        trainer.fit(bench.matrix, bench.matrix, bench.signature, seed=0)


def test_unknown_label_in_class_weight_is_named(benches):
    bench = benches["binary"]
    trainer = LogisticRegression(PresetParams.model_validate({"class_weight": {"yess": 2}}))
    with pytest.raises(ContentError, match="Did you mean 'yes'"):
        trainer.fit(bench.matrix, bench.matrix, bench.signature, seed=0)


def test_warnings_of_the_estimator_are_kept(benches):
    bench = benches["binary"]
    fitted = LogisticRegression(PresetParams.model_validate({"max_iter": 1})).fit(
        bench.matrix, bench.matrix, bench.signature, seed=0
    )
    assert any("converge" in text for text in fitted.warnings)


def test_naming_a_trainer_imports_nothing_heavy():
    code = (
        "import sys; import ml.trainers.sklearn.presets, ml.trainers.sklearn.any_estimator\n"
        "import ml.trainers.constant, ml.gate.judge, ml.gate.thresholds\n"
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("trainer", [Majority, Mean])
def test_baselines_need_a_target(trainer, benches):
    bench = benches["binary" if trainer is Majority else "regression"]
    nothing = Matrix(bench.matrix.features, np.full(700, -1 if trainer is Majority else np.nan))
    with pytest.raises(ContentError, match="No training row"):
        trainer(trainer.Params()).fit(nothing, nothing, bench.signature, seed=0)
    assert trainer.faults({}, "regression" if trainer is Majority else "binary")[0].path == "name"
