"""Step `package`: the immutable model package, with what was measured and the gate's verdict."""

from typing import Annotated

import pandas as pd
from zenml import get_step_context, step

from ml.package.build import seal
from schemas.evaluation import Evaluation, GateVerdict
from schemas.package import Baseline, Naming
from schemas.retraining import Collection, LineageRecord
from steps.artifacts import ModelPackage, ReferenceProfile
from steps.materializers.frame import frame_url
from steps.materializers.package import PackageMaterializer


@step(output_materializers={"model": PackageMaterializer})
def package(
    candidate: ModelPackage,
    baseline: ModelPackage,
    evaluation: Evaluation,
    baseline_evaluation: Evaluation,
    verdict: GateVerdict,
    reference: ReferenceProfile,
    naming: Naming,
    collection: Collection | None = None,
    labelled_rows: pd.DataFrame | None = None,
) -> Annotated[ModelPackage, "model"]:
    """Seal the candidate package; one that the gate refused is sealed too, so that it can be inspected.

    Of a retraining it names the artifact that lists the labelled rows, `labelled_rows`, and the digest of its content.
    """
    sealed = ModelPackage.in_scratch()
    scored = Baseline(name=baseline.manifest.trainer.name, metrics=baseline_evaluation.metrics)
    seal(
        candidate.root,
        sealed.root,
        evaluation=evaluation,
        baseline=scored,
        gate=verdict,
        reference=reference.data,
        naming=naming,
        retraining=None if collection is None or labelled_rows is None else _lineage(collection, len(labelled_rows)),
    )
    return sealed


def _lineage(collection: Collection, rows: int) -> LineageRecord:
    (artifact,) = get_step_context().inputs["labelled_rows"]
    assert artifact.content_hash is not None, "tables are stored with a digest of their content"
    return LineageRecord(
        collection=collection,
        artifact=str(artifact.id),
        url=frame_url(artifact.uri),
        digest=artifact.content_hash,
        rows=rows,
    )
