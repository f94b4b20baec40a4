"""Versions that a run began to register and did not: the verdict is written last, one without it is half of one."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pipelines.execution.lease import lease_of
from pipelines.execution.sql_store import makers_of_versions_without, versions_of


def undo(client: Any, run: Any) -> list[str]:
    """Remove the versions that a run had half registered, and return their names."""
    removed = []
    for version_id in versions_of(client, run.id):
        with suppress(KeyError):  # another command was faster
            version = client.get_model_version(model_version_name_or_number_or_id=version_id)
            if "gate" not in version.run_metadata:
                client.delete_model_version(version.id)
                removed.append(f"version {version.number}")
    return removed


def half_registered(client: Any) -> Iterator[Any]:
    """Yield the runs of ours that ended, in an error or by a signal, and left a version half registered."""
    for run_id in makers_of_versions_without(client, "gate"):
        with suppress(KeyError):  # the run was deleted
            run = client.get_pipeline_run(run_id)
            if run.status.is_finished and lease_of(run) is not None:
                yield run
