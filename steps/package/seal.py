"""Step `package`: the immutable model package, with what was measured and the gate's verdict."""

from typing import Annotated

from zenml import step

from ml.package.build import seal
from schemas.evaluation import Evaluation, GateVerdict
from schemas.package import Baseline, Naming
from steps.artifacts import ModelPackage, ReferenceProfile
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
) -> Annotated[ModelPackage, "model"]:
    """Seal the candidate package; one that the gate refused is sealed too, so that it can be inspected."""
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
    )
    return sealed
