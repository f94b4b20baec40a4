"""Step `register`: a new version in ZenML's Model Control Plane, with metadata and plots."""

from typing import Annotated, Any

from zenml import get_step_context, log_metadata, step
from zenml.model.utils import link_artifact_version_to_model_version
from zenml.types import HTMLString

from schemas.evaluation import Evaluation, GateVerdict
from steps.artifacts import ModelPackage


@step(enable_cache=False)
def register(
    model: ModelPackage,
    evaluation: Evaluation,
    evaluation_page: HTMLString,
    data_page: HTMLString,
    verdict: GateVerdict,
) -> Annotated[str, "version"]:
    """Register the package; a version that the gate refused stays registered, unpromoted."""
    context = get_step_context()
    version = context.model_version
    if version is None:
        raise RuntimeError("the register step runs without a model; the pipeline must name one")
    for artifacts in context.inputs.values():
        for artifact in artifacts:
            link_artifact_version_to_model_version(artifact, version)
    log_metadata(metadata=_metadata(evaluation, verdict), model_name=version.model.name, model_version=version.number)
    return str(version.number)


def _metadata(evaluation: Evaluation, verdict: GateVerdict) -> dict[str, Any]:
    measured = {
        f"{metric} ({which})": value
        for which, scores in evaluation.metrics.items()
        for metric, value in scores.items()
        if value is not None
    }
    reasons = "; ".join(verdict.reasons) or "every check passed"
    # ZenML commits one after another: a version that has its verdict has all that comes before it.
    return {"reasons": reasons, **measured, "gate": "passed" if verdict.passed else "refused"}
