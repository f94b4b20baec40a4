"""Metrics equal scikit-learn's; what is undefined is None; intervals hold the value and repeat."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from ml.evaluation.metrics import intervals, scores, why_undefined
from ml.predictions.predictor import Predictions
from schemas.base import Task
from schemas.metrics import NOT_RANKED, TASKS


def classification(classes, rows=400, seed=0):
    draw = np.random.default_rng(seed)
    target = draw.integers(0, classes, rows)
    probabilities = draw.dirichlet(np.ones(classes), rows)
    probabilities[np.arange(rows), target] += 0.6
    probabilities = (probabilities / 1.6).round(2)  # rounded, so that scores have ties
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return target, Predictions(codes=probabilities.argmax(axis=1), probabilities=probabilities)


def test_binary_metrics_equal_scikit_learn():
    target, predictions = classification(2)
    found = scores("binary", target, predictions)
    assert found["accuracy"] == pytest.approx(theirs.accuracy_score(target, predictions.codes))
    assert found["balanced_accuracy"] == pytest.approx(theirs.balanced_accuracy_score(target, predictions.codes))
    assert found["f1"] == pytest.approx(theirs.f1_score(target, predictions.codes))
    assert found["roc_auc"] == pytest.approx(theirs.roc_auc_score(target, predictions.probabilities[:, 1]))
    assert found["log_loss"] == pytest.approx(theirs.log_loss(target, predictions.probabilities))


def test_multiclass_metrics_equal_scikit_learn():
    target, predictions = classification(4)
    found = scores("multiclass", target, predictions)
    assert found["f1_macro"] == pytest.approx(theirs.f1_score(target, predictions.codes, average="macro"))
    assert found["balanced_accuracy"] == pytest.approx(theirs.balanced_accuracy_score(target, predictions.codes))
    expected = theirs.roc_auc_score(target, predictions.probabilities, multi_class="ovr", average="macro")
    assert found["roc_auc"] == pytest.approx(expected)
    assert found["log_loss"] == pytest.approx(theirs.log_loss(target, predictions.probabilities))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore:The y_prob values do not sum to one")  # in float32
def test_log_loss_equals_scikit_learn_also_where_a_probability_is_0_or_1(classes, kind):
    target, predictions = classification(classes, rows=270)
    sure = predictions.probabilities.copy()
    sure[::9] = np.eye(classes)[predictions.codes[::9]]
    sure[4] = np.eye(classes)[(target[4] + 1) % classes]  # sure and wrong: a zero for the real class
    given = Predictions(codes=sure.argmax(axis=1), probabilities=sure.astype(kind))
    task: Task = "binary" if classes == 2 else "multiclass"
    found = scores(task, target, given)["log_loss"]
    assert given.probabilities is not None
    assert found == pytest.approx(theirs.log_loss(target, given.probabilities.astype(np.float64)), rel=1e-12)
    assert all(map(np.isfinite, intervals(task, target, given, seed=0)["log_loss"]))


def test_regression_metrics_equal_scikit_learn():
    draw = np.random.default_rng(0)
    target = draw.normal(1e6, 3, 300)
    values = target + draw.normal(0, 1, 300)
    found = scores("regression", target, Predictions(values=values))
    assert found["mean_absolute_error"] == pytest.approx(theirs.mean_absolute_error(target, values))
    assert found["root_mean_squared_error"] == pytest.approx(theirs.root_mean_squared_error(target, values))
    assert found["r2"] == pytest.approx(theirs.r2_score(target, values), abs=1e-6)
    assert found["mean_absolute_percentage_error"] == pytest.approx(
        theirs.mean_absolute_percentage_error(target, values)
    )


def test_names_are_the_ones_that_the_schema_knows():
    target, predictions = classification(2)
    known = {name for name, tasks in TASKS.items() if "binary" in tasks}
    assert set(scores("binary", target, predictions)) == known - set(NOT_RANKED)
    assert set(scores("binary", target, Predictions(codes=predictions.codes))) == known
    regression = scores("regression", np.arange(3.0), Predictions(values=np.arange(3.0)))
    assert set(regression) == {name for name, tasks in TASKS.items() if "regression" in tasks}


def test_undefined_metrics_are_none_and_have_a_reason():
    values = scores("regression", np.array([0.0, 0.0]), Predictions(values=np.array([1.0, 1.0])))
    assert values["mean_absolute_percentage_error"] is None and values["r2"] is None
    one_class = scores("binary", np.zeros(5, dtype=int), Predictions(codes=np.zeros(5, dtype=int)))
    assert one_class["roc_auc"] is None and one_class["f1"] is None and one_class["accuracy"] == 1
    for found in (values, one_class):
        for name in (name for name, value in found.items() if value is None):
            assert why_undefined(name, found).startswith("it needs")


def test_the_reason_why_roc_auc_is_undefined_is_the_one_that_holds():
    codes = np.zeros(5, dtype=int)
    sure = scores("binary", codes, Predictions(codes=codes, probabilities=np.tile([[0.9, 0.1]], (5, 1))))
    assert sure["roc_auc"] is None and why_undefined("roc_auc", sure) == "it needs rows of every class"
    assert why_undefined("roc_auc", scores("binary", codes, Predictions(codes=codes))) == "it needs probabilities"


def test_class_unseen_in_training_is_never_right_and_costs_log_loss():
    predictions = Predictions(codes=np.array([0, 1]), probabilities=np.array([[0.9, 0.1], [0.2, 0.8]]))
    found = scores("multiclass", np.array([0, -1]), predictions)
    assert found["accuracy"] == 0.5 and found["balanced_accuracy"] == 0.5
    assert found["log_loss"] == pytest.approx((-np.log(0.9) - np.log(np.finfo(np.float64).eps)) / 2)


def test_calibration_error_is_zero_when_the_model_is_as_sure_as_it_is_right():
    probabilities = np.tile([[0.25, 0.75]], (4, 1))
    exact = scores(
        "binary", np.array([1, 1, 1, 0]), Predictions(codes=np.ones(4, dtype=int), probabilities=probabilities)
    )
    sure = scores(
        "binary", np.zeros(4, dtype=int), Predictions(codes=np.ones(4, dtype=int), probabilities=probabilities)
    )
    assert exact["expected_calibration_error"] == pytest.approx(0) and sure[
        "expected_calibration_error"
    ] == pytest.approx(0.75)


def defined(task: Task, target: np.ndarray, predictions: Predictions) -> dict[str, float]:
    """Return the metrics that are defined."""
    return {name: value for name, value in scores(task, target, predictions).items() if value is not None}


def test_intervals_hold_the_value_and_repeat_with_the_seed():
    target, predictions = classification(3)
    found, value = intervals("multiclass", target, predictions, seed=1), defined("multiclass", target, predictions)
    assert all(
        low <= value[name] <= high and low < high
        for name, (low, high) in found.items()
        if name != "expected_calibration_error"
    )
    assert (
        found
        == intervals("multiclass", target, predictions, seed=1)
        != intervals("multiclass", target, predictions, seed=2)
    )


def test_interval_of_accuracy_is_as_wide_as_the_binomial_one():
    target = np.zeros(400, dtype=int)
    codes = (np.arange(400) < 100).astype(int)
    low, high = intervals("binary", target, Predictions(codes=codes), seed=0)["accuracy"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 * 0.75 / 400), rel=0.2)


def test_no_rows_have_no_metrics():
    assert set(scores("regression", np.array([]), Predictions(values=np.array([]))).values()) == {None}
    assert intervals("regression", np.array([]), Predictions(values=np.array([])), seed=0) == {}
