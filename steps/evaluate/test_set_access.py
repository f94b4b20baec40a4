"""The record of test-set access: metadata on the artifact, so that it travels with the rows."""

from datetime import UTC, datetime

from zenml import get_step_context, log_metadata

PREFIX = "test-set access "


def record_access(artifact: str, rows: int) -> None:
    """Note on the step's input `artifact` that its rows were read, when, and by which run."""
    context = get_step_context()
    (version,) = context.inputs[artifact]
    when = datetime.now(UTC).strftime("%Y-%m-%d %H.%M.%S.%f")  # ZenML allows no colon in a key
    log_metadata(
        metadata={f"{PREFIX}{when}": {"run": context.pipeline_run.name, "step": context.step_run.name, "rows": rows}},
        artifact_version_id=version.id,
    )
