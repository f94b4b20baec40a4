"""Step `gate`: may the candidate go to production? The evaluation page is written here, since it says so."""

from typing import Annotated

import pandas as pd
from markupsafe import Markup
from zenml import step
from zenml.types import HTMLString

from ml.components.gate_check import Evidence
from ml.evaluation.ceiling import ceiling_notes
from ml.evaluation.report import render_evaluation
from ml.gate.judge import judge
from ml.package.storage import size
from schemas.data import TableSchema
from schemas.evaluation import DataReport, Evaluation, EvaluationDetails, GateVerdict, Scores
from schemas.metrics import resolve_metric
from schemas.package import Manifest, SplitRecord
from schemas.retraining import RecentComparison
from schemas.run import GateSpec
from steps.artifacts import ModelPackage, ReferenceProfile
from steps.components import create
from steps.evaluate.test_set_access import record_access
from steps.gate.production import Production, score_production
from steps.materializers.schema import SchemaMaterializer


@step(enable_cache=False, output_materializers={"verdict": SchemaMaterializer})
def gate(
    name: str,
    candidate: ModelPackage,
    evaluation: Evaluation,
    baseline_evaluation: Evaluation,
    details: EvaluationDetails,
    report: DataReport,
    reference: ReferenceProfile,
    test_set: pd.DataFrame,
    schema: TableSchema,
    rules: GateSpec,
    metric: str,
    plan: SplitRecord,
    production: Production | None,
    recent: RecentComparison | None = None,
) -> tuple[Annotated[GateVerdict, "verdict"], Annotated[HTMLString, "evaluation_page"]]:
    """Ask every check; the version in production predicts the same rows where that can be compared.

    `recent` is what a retraining found of recent rows, one check more.
    """
    incumbent = score_production(production, test_set, schema, plan)
    if incumbent.scores is not None:
        record_access("test_set", rows=len(test_set))
    evidence = Evidence(
        problem=schema.problem,
        metric=resolve_metric(metric, schema.problem.task),
        evaluation=evaluation,
        baseline=baseline_evaluation.metrics["test"],
        size_bytes=size(candidate.manifest) + len(reference.data),
        production=incumbent.scores,
        production_version=production.version if production else None,
        not_comparable=incumbent.not_comparable,
    )
    also = [] if recent is None else [recent.outcome]
    verdict = judge([create("gate", check) for check in rules.choices], evidence, also)
    ceiling = ceiling_notes(report.ceiling, evaluation)
    baseline = baseline_evaluation.metrics["test"]
    return verdict, _page(name, candidate.manifest, evaluation, baseline, details, verdict, ceiling)


def _page(
    name: str,
    manifest: Manifest,
    evaluation: Evaluation,
    baseline: Scores,
    details: EvaluationDetails,
    verdict: GateVerdict,
    ceiling: list[str],
) -> HTMLString:
    page = render_evaluation(
        name,
        evaluation,
        # The drawings are ours, and escaped where they were drawn.
        {title: Markup(drawing) for title, drawing in details.pictures.items()},
        gate=verdict,
        made_by=f"Trainer {manifest.trainer.name}, runtime {manifest.runtime}",
        baseline=baseline,
        learning=manifest.learning,
        review=details.review,
        ceiling=ceiling,
    )
    return HTMLString(page)
