"""Whether an experiment fits the task that its rows turned out to have."""

import pytest

from ml.checks.compatibility import incompatibilities, incompatibilities_of
from ml.trainers.keras.mlp import KerasMlp
from schemas.choice import Choice
from schemas.data import Problem, TableSchema
from schemas.run import GateSpec, ReviewSpec

PROBLEM = Problem(target="y", task="regression")
REGRESSION = TableSchema(problem=PROBLEM, columns=[], why="regression: 'y' holds numbers")


def test_a_trainer_and_metrics_of_the_task_have_no_incompatibility() -> None:
    assert incompatibilities(REGRESSION, ["regression"], "ridge", "r2", GateSpec(min={"r2": 0.1})) == []


def test_everything_that_does_not_fit_is_reported_at_once_with_the_reason_for_the_task() -> None:
    wrong = incompatibilities(REGRESSION, ["binary"], "logistic_regression", "accuracy", GateSpec(min={"f1": 0.5}))
    assert [text.split(":")[0] for text in wrong[:3]] == ["trainer.name", "metric", "gate.min.f1"]
    assert "'y' holds numbers" in wrong[-1]


def test_a_regression_has_nothing_to_be_sure_of() -> None:
    first, why = incompatibilities(REGRESSION, ["regression"], "ridge", "auto", GateSpec(), ReviewSpec(max_error=0.1))
    assert first.startswith("review: a regression predicts values") and "'y' holds numbers" in why


@pytest.mark.parametrize("block", ["trainer", "baseline"])
def test_what_a_trainer_finds_wrong_is_reported_with_its_key_path(block: str) -> None:
    choice = Choice(name="keras_mlp", params={"class_weight": "balanced"})
    (text,) = incompatibilities_of(block, choice, KerasMlp, REGRESSION)
    assert text.startswith(f"{block}.class_weight: ")
