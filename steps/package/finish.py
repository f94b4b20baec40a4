"""Slot `package`: the immutable model package, with what was measured and what the gate said."""

from typing import Annotated

from zenml import step

from ml.package import build as drafts
from ml.package.storage import read_manifest
from schemas.evaluation import Evaluation, GateVerdict
from schemas.package import Baseline
from steps.artifacts import ModelPackage, ReferenceProfile
from steps.materializers.package import PackageMaterializer


@step(output_materializers={"model": PackageMaterializer})
def package(
    draft: ModelPackage,
    baseline: ModelPackage,
    evaluation: Evaluation,
    baseline_evaluation: Evaluation,
    verdict: GateVerdict,
    reference: ReferenceProfile,
) -> Annotated[ModelPackage, "model"]:
    """Complete the draft; a candidate that the gate refused is packaged too, so that it can be looked at."""
    finished = ModelPackage.in_scratch()
    scored = Baseline(name=read_manifest(baseline.root).trainer.name, metrics=baseline_evaluation.metrics)
    drafts.finish(
        draft.root, finished.root, evaluation=evaluation, baseline=scored, gate=verdict, reference=reference.data
    )
    return finished
