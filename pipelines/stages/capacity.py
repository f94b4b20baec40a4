"""The stage behind `pipeline=capacity`: what one replica of the deployed service can do."""

import time

from ml.io.atomic_write import write_whole
from pipelines.execution.context import production
from pipelines.execution.session import Part, RunSession
from schemas.capacity import CapacityRecord
from schemas.errors import DeploymentError
from schemas.summary import ModelRecord
from serving.capacity.measure import measure
from serving.capacity.page import render
from serving.capacity.replica import Served
from serving.kubernetes.manifests import manifests
from serving.process import records


def capacity(session: RunSession, _parts: Part) -> Part:
    """Load a copy of the service with the version in production, and write what it can do.

    Raises:
        DeploymentError: If nothing is deployed, or the copy cannot be loaded.
    """
    run, home, started = session.run, session.home, time.perf_counter()
    current = production(session.journal_url)
    if current is None:
        raise DeploymentError(f"no version of {run.name!r} is in production any more")
    deployment = records.find(home.root, run.name)
    tell = session.observer.note
    session.observer.stage(f"capacity: load a copy of {run.name} with version {current.version}")
    served = Served(home.root, deployment, current.version, current.package_url)
    found, trials = measure(served, run.capacity, run.seed, lambda text: tell(f"capacity: {text}"))
    page = home.report(run.name, "capacity", current.version)
    files = {"report": str(page), "autoscaler": str(page.with_suffix(".yaml"))}
    record = found.model_copy(update=files)
    write_whole(page.with_suffix(".yaml"), manifests(deployment, record))
    write_whole(page, render(run.name, record, trials))
    session.seconds["load_test"] = time.perf_counter() - started
    tell(f"capacity: {said(record)}")
    return {"model": ModelRecord(name=run.name, version=current.version, stage="production"), "capacity": record}


def said(record: CapacityRecord) -> str:
    """Return what one replica can do, in a sentence."""
    least = "at least " if record.at_least else ""
    return (
        f"{least}{record.requests_per_second:,.0f} requests a second, 99 of 100 within {record.latency_budget:g} s; "
        f"{record.memory_bytes / 1e6:,.0f} MB, {record.cpu_cores:.2g} cores, ready in {record.start_seconds:.1f} s"
    )
