"""Versions that a run began to register and did not: the verdict is written last, one without it is half of one."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pipelines.execution.lease import lease_of
from pipelines.execution.sql_store import versions_of, versions_without


def undo(client: Any, run: Any) -> Iterator[str]:
    """Remove the versions that a run had half registered, and yield each one's name."""
    for version_id in versions_of(client, run.id):
        with suppress(KeyError):  # another command was faster
            version = client.get_model_version(model_version_name_or_number_or_id=version_id)
            if "gate" not in version.run_metadata:
                client.delete_model_version(version.id)
                yield f"version {version.number}"


def undo_of_ended(client: Any) -> Iterator[tuple[Any, list[str]]]:
    """Remove what runs of ours left half registered that ended, in an error or by a signal; yield each such run."""
    for run_id in versions_without(client, "gate"):
        with suppress(KeyError):  # the run was deleted
            run = client.get_pipeline_run(run_id)
            if run.status.is_finished and lease_of(run) is not None:
                yield run, list(undo(client, run))
