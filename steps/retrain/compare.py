"""Step `compare_recent`: candidate and production on recent rows that neither was trained on."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.evaluation.evaluate import target_and_predictions
from ml.evaluation.metrics import scores
from ml.retraining.recent import conclude
from schemas.data import TableSchema
from schemas.metrics import resolve_metric
from schemas.package import SplitRecord
from schemas.retraining import RecentComparison, RetrainSpec
from steps.artifacts import ModelPackage
from steps.gate.production import Production, score_production
from steps.materializers.schema import SchemaMaterializer


@step(enable_cache=False, output_materializers={"recent": SchemaMaterializer})
def compare_recent(
    candidate: ModelPackage,
    recent_set: pd.DataFrame,
    schema: TableSchema,
    spec: RetrainSpec,
    metric: str,
    plan: SplitRecord,
    production: Production,
) -> Annotated[RecentComparison, "recent"]:
    """Score both on the new rows that fell into the test share."""
    problem, rows = schema.problem, len(recent_set)
    name = resolve_metric(metric, problem.task)
    if rows < spec.min_recent:
        return conclude(name, problem.task, rows, production.version, spec)
    incumbent = score_production(production, recent_set, schema, plan)
    ours = scores(problem.task, *target_and_predictions(candidate.model, recent_set, problem))
    return conclude(
        name, problem.task, rows, production.version, spec, ours, incumbent.scores, incumbent.not_comparable
    )
