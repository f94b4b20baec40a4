"""What `pipeline=capacity` says that a service can do, against what `wrk` then sees, on this machine only.

    python -m benchmarks.capacity [SECONDS OF THE LOAD] [BUDGET IN SECONDS]

One worker around a scikit-learn model of 30 columns, validation and journal on. `wrk` sends on 8 to 128 connections,
each the next request once the last is answered, before and after; the most requests per second of those loads whose
99th percentile is within the budget are what it sees. Goal: the prediction is within 15 % of that. Whatever else the
machine does is in it.
"""

import json
import os
import sys
import tempfile
from math import inf
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.service import train, write_package
from benchmarks.wrk import load, rate
from schemas.capacity import CapacitySpec
from schemas.deploy_spec import DeploySpec
from serving.capacity.measure import measure
from serving.capacity.replica import Served
from serving.process import services
from serving.process.deploy import deploy

CONNECTIONS = (8, 16, 32, 64, 128)
SECONDS = 2.0
NAME = "benchmark"


def main() -> None:
    """Measure, print, and stop everything again."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 45.0
    budget = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        print(json.dumps(compared(Path(folder), seconds, budget), indent=1))


def compared(home: Path, seconds: float, budget: float) -> dict[str, Any]:
    """Return the prediction, what wrk saw (requests per second and p99 in ms, by connections), and their ratio."""
    fitted, names, row = train()
    write_package(home / "package", fitted, names, row)
    package = str(home / "package")
    deploy(home, NAME, "1", package, DeploySpec())
    try:
        deployment = services.status(home, NAME)[0].deployment
        spec = CapacitySpec(seconds=seconds, latency_budget=budget)
        before = seen(deployment.port, row)
        record, _ = measure(Served(home, deployment, "1", package), spec, 0, lambda _: None)
        loads = {count: [before[count], again] for count, again in seen(deployment.port, row).items()}
    finally:
        services.stop(home, NAME)
    held = {count: mean(map(rate, both)) for count, both in loads.items() if all(within(one, budget) for one in both)}
    best = max(held.values(), default=None)
    return {
        "predicted": record.requests_per_second,
        "at_least": record.at_least,
        "seen": best,
        "ratio": None if best is None else round(record.requests_per_second / best, 3),
        "wrk": {count: [(round(rate(one)), one["p99_ms"]) for one in both] for count, both in loads.items()},
    }


def seen(port: int, row: dict[str, float]) -> dict[int, dict[str, float]]:
    """Return what wrk saw by connections; where some requests broke, such as no one waits for, nothing was answered."""
    body = json.dumps({"instances": [row]}).encode()
    found = {}
    for count in CONNECTIONS:
        try:
            found[count] = load(port, "/predict", body, SECONDS, count)
        except RuntimeError:
            found[count] = {"answered": 0.0, "seconds": SECONDS, "p99_ms": inf}
    return found


def within(found: dict[str, float], budget: float) -> bool:
    """Say whether 99 of 100 requests were answered within a budget in seconds."""
    return found["p99_ms"] <= 1000 * budget


if __name__ == "__main__":
    main()
