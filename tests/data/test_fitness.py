"""Whether an experiment fits the task that its rows turned out to have."""

from ml.fitness import misfits
from schemas.data import Problem, TableSchema
from schemas.run import GateSpec

PROBLEM = Problem(target="y", task="regression")
REGRESSION = TableSchema(problem=PROBLEM, columns=[], why="regression: 'y' holds numbers")


def test_a_trainer_and_metrics_of_the_task_have_no_misfit() -> None:
    assert misfits(REGRESSION, ["regression"], "ridge", "r2", GateSpec(min={"r2": 0.1})) == []


def test_everything_that_does_not_fit_is_told_at_once_with_the_reason_for_the_task() -> None:
    wrong = misfits(REGRESSION, ["binary"], "logistic_regression", "accuracy", GateSpec(min={"f1": 0.5}))
    assert [text.split(":")[0] for text in wrong[:3]] == ["trainer.name", "metric", "gate.min.f1"]
    assert "'y' holds numbers" in wrong[-1]
