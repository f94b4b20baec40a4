"""Step `gate`: may the candidate go to production?"""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.components.gate_check import Evidence
from ml.gate.judge import judge
from ml.package.storage import size
from schemas.data import TableSchema
from schemas.evaluation import Evaluation, GateVerdict
from schemas.metrics import resolve_metric
from schemas.package import SplitRecord
from schemas.run import GateSpec
from steps.artifacts import ModelPackage, ReferenceProfile
from steps.components import create
from steps.evaluate.test_set_access import record_access
from steps.gate.production import Production, score_production
from steps.materializers.schema import SchemaMaterializer


@step(enable_cache=False, output_materializers={"verdict": SchemaMaterializer})
def gate(
    candidate: ModelPackage,
    evaluation: Evaluation,
    baseline_evaluation: Evaluation,
    reference: ReferenceProfile,
    test_set: pd.DataFrame,
    schema: TableSchema,
    rules: GateSpec,
    metric: str,
    plan: SplitRecord,
    production: Production | None,
) -> Annotated[GateVerdict, "verdict"]:
    """Ask every check; the version in production predicts the same rows where that can be compared."""
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
    return judge([create("gate", check) for check in rules.choices], evidence)
