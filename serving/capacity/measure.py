"""What one replica of a deployed service can do, measured on a copy."""

import json
import subprocess
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path

from ml.io.scratch import scratch_folder
from ml.package import storage
from schemas.capacity import CapacityRecord, CapacitySpec, Trial
from schemas.errors import DeploymentError
from schemas.home import ROOT
from serving.capacity.load import Order, Trials
from serving.capacity.replica import Replica, Served, replica
from serving.capacity.search import best, is_known
from serving.http.as_sent import as_sent
from serving.releases.package_cache import fetch

_MOST_BODIES = 64
_LEAST, _UNKNOWN_PEAK = 2, 10  # replicas: one may fail; where nobody says how many requests come
_CALM = 0.2  # seconds beyond `deploy.max_wait`, until the service takes bursts again
_SPARE = 60.0  # seconds beyond those of the load, in which its process must have ended


def measure(
    served: Served, spec: CapacitySpec, seed: int, tell: Callable[[str], None]
) -> tuple[CapacityRecord, list[Trial]]:
    """Load a copy of a service, and return what it can do with all that was tried.

    Args:
        served: The service; it goes on, and what it takes meanwhile the copy lacks.
        spec: Bounds of the load, and what is planned for.
        seed: Of the times at which requests are sent.
        tell: Gets sentences for a person.

    Raises:
        DeploymentError: If the copy does not come up, answers no sample row, or is too slow at any rate.
    """
    deployment = served.deployment
    budget = spec.latency_budget or deployment.spec.latency_budget
    with replica(served) as copy:
        tell(f"a copy of the service was ready in {copy.start_seconds:.1f} s; it is loaded now")
        bodies = _bodies(served, spec.rows)
        order = Order(
            port=copy.port,
            bodies=bodies,
            connections=max(1, min(deployment.spec.queue, deployment.spec.max_connections - 50)),
            budget=budget,
            seconds=spec.seconds,
            requests=spec.requests,
            seed=seed,
            rest=deployment.spec.max_wait + _CALM,
        )
        found = loaded_apart(order)
    if found.skipped == len(bodies):
        raise DeploymentError("The service answers none of the package's sample rows, so that it cannot be loaded")
    chosen = best(found.trials, budget)
    if chosen is None:
        if not found.trials:
            raise DeploymentError("The load's time or requests were over at once (capacity.seconds, capacity.requests)")
        tried = f"{min(one.rate for one in found.trials):.3g} requests a second"
        raise DeploymentError(
            f"99 of 100 requests take longer than {budget:g} s already at {tried}; allow for more time"
        )
    return _record(found, chosen, copy, served.version, spec, budget), found.trials


def loaded_apart(order: Order) -> Trials:
    """Return what comes of a load in a process of its own. Raises DeploymentError if that breaks, or does not end."""
    most = order.seconds + _SPARE
    try:
        done = subprocess.run(
            [sys.executable, "-m", "serving.capacity.load"],
            cwd=ROOT,
            input=order.model_dump_json().encode(),
            capture_output=True,
            timeout=most,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeploymentError(
            f"The load did not end within {most:g} s, though it was to take {order.seconds:g} s (capacity.seconds): "
            "the copy of the service does not answer any more, or the machine is too busy"
        ) from None
    if done.returncode != 0:
        raise DeploymentError(f"The load ended early: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return Trials.model_validate_json(done.stdout)


def _bodies(served: Served, rows: int) -> list[str]:
    """Return requests of so many rows each, made of the package's sample rows one after another."""
    with scratch_folder("capacity") as folder:
        root = fetch(served.package_url, served.version, Path(folder))
        manifest = storage.read_manifest(root)
        signature = storage.read_signature(root, manifest)
        cells = storage.samples(root, manifest).cells
    count = len(next(iter(cells.values())))
    sent = [as_sent(signature, {name: column[row] for name, column in cells.items()}) for row in range(count)]
    return [
        json.dumps({"instances": [sent[(begin + step) % count] for step in range(rows)]})
        for begin in range(0, min(count, _MOST_BODIES))
    ]


def _record(
    found: Trials, chosen: Trial, copy: Replica, version: str, spec: CapacitySpec, budget: float
) -> CapacityRecord:
    rate = chosen.answered / chosen.seconds
    planned = spec.headroom * rate
    least = max(_LEAST, ceil((spec.usual or 0.0) / planned))
    most = max(least, ceil(spec.peak / planned) if spec.peak else _UNKNOWN_PEAK)
    assert chosen.p50 is not None and chosen.p99 is not None, "it holds"
    return CapacityRecord(
        version=version,
        requests_per_second=round(rate, 1),
        at_least=not is_known(found.trials, budget),
        latency_budget=budget,
        rows_per_request=spec.rows,
        p50_seconds=chosen.p50,
        p99_seconds=chosen.p99,
        memory_bytes=copy.usage.most_bytes,
        cpu_cores=round(copy.usage.cores(chosen.began, chosen.ended), 2),
        start_seconds=round(copy.start_seconds, 2),
        planned=round(planned, 1),
        min_replicas=least,
        max_replicas=most,
        sent=found.sent,
    )
