"""Slot `evaluate`: what the model and its baseline score, in their packaged form."""

from typing import Annotated, Literal

import pandas as pd
from zenml import step
from zenml.types import HTMLString

from ml.evaluate import evaluate as score
from ml.evaluate import predictions
from ml.evaluation_page import render_evaluation
from ml.extended import ExtendedModel
from ml.plots import pictures
from ml.review import told
from schemas.data import TableSchema
from schemas.evaluation import Evaluation
from steps.artifacts import ModelPackage
from steps.evaluate.looks import record_look
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"evaluation": SchemaMaterializer, "baseline_evaluation": SchemaMaterializer})
def evaluate(
    draft: ModelPackage, baseline: ModelPackage, validation_set: pd.DataFrame, schema: TableSchema, seed: int
) -> tuple[Annotated[Evaluation, "evaluation"], Annotated[Evaluation, "baseline_evaluation"]]:
    """Score both on the validation set; the test set stays sealed."""
    first, second = (
        _scored(ExtendedModel.open(package.root), "validation", validation_set, schema, seed, Evaluation(metrics={}))
        for package in (draft, baseline)
    )
    return first, second


@step(output_materializers={"evaluation": SchemaMaterializer, "baseline_evaluation": SchemaMaterializer})
def open_test_set(
    draft: ModelPackage,
    baseline: ModelPackage,
    test_set: pd.DataFrame,
    evaluation: Evaluation,
    baseline_evaluation: Evaluation,
    schema: TableSchema,
    seed: int,
) -> tuple[
    Annotated[Evaluation, "evaluation"],
    Annotated[Evaluation, "baseline_evaluation"],
    Annotated[HTMLString, "evaluation_page"],
]:
    """Score both on the test set, once, and record that it was looked at."""
    record_look("test_set", rows=len(test_set))
    model, reference = ExtendedModel.open(draft.root), ExtendedModel.open(baseline.root)
    tested = _scored(model, "test", test_set, schema, seed, evaluation)
    baseline_tested = _scored(reference, "test", test_set, schema, seed, baseline_evaluation)
    answered = predictions(model, test_set, schema.problem)
    page = render_evaluation(
        model.manifest.model,
        tested,
        pictures(schema.problem, *answered),
        made_by=f"Trainer {model.manifest.trainer.name}, runtime {model.manifest.runtime}",
        baseline=baseline_tested.metrics["test"],
        learning=model.manifest.learning,
        review=told(model.manifest.review, *answered),
    )
    return tested, baseline_tested, HTMLString(page)


def _scored(
    model: ExtendedModel,
    which: Literal["validation", "test"],
    rows: pd.DataFrame,
    schema: TableSchema,
    seed: int,
    so_far: Evaluation,
) -> Evaluation:
    metrics, intervals = score(model, rows, schema.problem, seed)
    return Evaluation(
        metrics={**so_far.metrics, which: metrics},
        intervals={**so_far.intervals, which: intervals},
        rows={**so_far.rows, which: len(rows)},
    )
