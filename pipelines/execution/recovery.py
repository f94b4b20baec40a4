"""What killed runs left, closed, finished or undone before the next one begins.

What SIGKILL can leave from training to deployment, and what becomes of it:

- a run that is `initializing` or `running`, with or without a step that is: both fail, at their last sign of life;
- a step's output, stored in part: removed; no artifact version names it;
- a version without its package, metrics or verdict, also of a run that ended in an error or by a signal: removed. The
  verdict is written last, so that a version which has one is whole; it stays, and `pipeline=deployment` takes it as if
  its run had gone on;
- scratch folders and partial files: removed;
- a publication without an outcome, a service without a version, a service that was being replaced: see
  `serving.process.publications`;
- a pointer that moved before ZenML's stage did, a deployment of ZenML's that claims another state: brought into line.

Nothing is touched whose process lives, or of which that is not known here: runs of other hosts and containers, and
runs without a lease of ours.
"""

from contextlib import suppress
from typing import Any
from uuid import UUID

from pipelines.execution.closing import close
from pipelines.execution.lease import lease_of
from pipelines.execution.registrations import half_registered, undo
from schemas.home import Home
from schemas.plan import Observer
from stacks.in_use import UNFINISHED


def recover(client: Any, home: Home, observer: Observer) -> None:
    """Clear up after runs whose process is gone, and tell what was found."""
    from ml.io.scratch import remove_abandoned

    remove_abandoned(home.root)
    for run_id in _unfinished(client):
        try:
            _close_if_abandoned(client, run_id, observer)
        except Exception as error:  # one dead run must not keep every other from beginning
            observer.note(f"a run that was killed could not be closed, {run_id}: {type(error).__name__}: {error}")
    for run in half_registered(client):
        try:
            removed = undo(client, run)
        except Exception as error:
            observer.note(f"what {run.name} had half registered cannot be removed: {type(error).__name__}: {error}")
        else:
            observer.note(f"run {run.name} had ended while it registered; {', '.join(removed)} is removed")
    _resolve_publications(client, home, observer)


def _unfinished(client: Any) -> list[UUID]:
    """Return the runs that are not finished, or have a step that is not."""
    from zenml.utils.pagination_utils import depaginate

    runs = [run.id for run in depaginate(client.list_pipeline_runs, status=UNFINISHED)]
    steps = depaginate(client.list_run_steps, status=UNFINISHED)
    return list(dict.fromkeys([*runs, *(step.pipeline_run_id for step in steps)]))


def _close_if_abandoned(client: Any, run_id: UUID, observer: Observer) -> None:
    run = client.get_pipeline_run(run_id)
    owner = lease_of(run)
    if owner is None or owner.process.fate != "gone":
        return
    removed = ", ".join(undo(client, run))
    ended = close(client, run_id, f"the process that ran this is gone ({owner.process.pid} on {owner.process.host})")
    what = f"closed run {run.name}, whose process is gone since {ended:%Y-%m-%d %H:%M} UTC"
    observer.note(f"{what}; {removed} of it was half registered and is removed" if removed else what)


def _resolve_publications(client: Any, home: Home, observer: Observer) -> None:
    from serving.process.publications import resolve_abandoned

    for resolved in resolve_abandoned(home.root):
        observer.note(str(resolved))
        _bring_into_line(client, resolved.note.name, resolved.current.version if resolved.current else None)


def _bring_into_line(client: Any, model: str, version: str | None) -> None:
    from pipelines.execution.registry_stage import mirror_stage

    if version is not None:
        try:
            mirror_stage(client, model, version)
        except KeyError:  # another store's
            return
    with suppress(KeyError):  # killed before ZenML knew of it
        client.refresh_deployment(model)
