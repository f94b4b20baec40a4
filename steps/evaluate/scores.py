"""Step `evaluate`: what the model and its baseline score, in their packaged form."""

from typing import Annotated, Any, Literal

import pandas as pd
from numpy.typing import NDArray
from zenml import step

from ml.evaluation.evaluate import evaluate as score
from ml.evaluation.evaluate import target_and_both
from ml.evaluation.importance import measure
from ml.evaluation.plots import pictures
from ml.predictions.abstention import review_notes
from ml.predictions.predictor import Predictions
from schemas.data import Problem, TableSchema
from schemas.evaluation import Evaluation, EvaluationDetails
from schemas.metrics import resolve_metric
from steps.artifacts import ModelPackage
from steps.evaluate.test_set_access import record_access
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"evaluation": SchemaMaterializer, "baseline_evaluation": SchemaMaterializer})
def evaluate(
    candidate: ModelPackage,
    baseline: ModelPackage,
    validation_set: pd.DataFrame,
    schema: TableSchema,
    metric: str,
    seed: int,
) -> tuple[Annotated[Evaluation, "evaluation"], Annotated[Evaluation, "baseline_evaluation"]]:
    """Score both on the validation set, and measure what the candidate relies on; the test set stays sealed."""
    problem = schema.problem
    first, second = target_and_both(candidate.model, baseline.model, validation_set, problem)
    relied_on = measure(candidate.model, validation_set, problem, resolve_metric(metric, problem.task), seed)
    return (
        _scored("validation", problem, *first, seed, Evaluation(metrics={}, importance=relied_on)),
        _scored("validation", problem, *second, seed, Evaluation(metrics={})),
    )


@step(
    output_materializers={
        "evaluation": SchemaMaterializer,
        "baseline_evaluation": SchemaMaterializer,
        "details": SchemaMaterializer,
    }
)
def open_test_set(
    candidate: ModelPackage,
    baseline: ModelPackage,
    test_set: pd.DataFrame,
    evaluation: Evaluation,
    baseline_evaluation: Evaluation,
    schema: TableSchema,
    seed: int,
) -> tuple[
    Annotated[Evaluation, "evaluation"],
    Annotated[Evaluation, "baseline_evaluation"],
    Annotated[EvaluationDetails, "details"],
]:
    """Score both on the test set, once, draw what the page shows of it, and record the test-set access."""
    record_access("test_set", rows=len(test_set))
    model, problem = candidate.model, schema.problem
    predicted, of_baseline = target_and_both(model, baseline.model, test_set, problem)
    tested = _scored("test", problem, *predicted, seed, evaluation)
    baseline_tested = _scored("test", problem, *of_baseline, seed, baseline_evaluation)
    details = EvaluationDetails(
        pictures={title: str(drawing) for title, drawing in pictures(problem, *predicted).items()},
        review=review_notes(model.manifest.review, *predicted),
    )
    return tested, baseline_tested, details


def _scored(
    which: Literal["validation", "test"],
    problem: Problem,
    target: NDArray[Any],
    predictions: Predictions,
    seed: int,
    so_far: Evaluation,
) -> Evaluation:
    metrics, intervals = score(problem, target, predictions, seed)
    return Evaluation(
        metrics={**so_far.metrics, which: metrics},
        intervals={**so_far.intervals, which: intervals},
        rows={**so_far.rows, which: len(target)},
        importance=so_far.importance,
    )
