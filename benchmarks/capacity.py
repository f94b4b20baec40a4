"""What `pipeline=capacity` says that a service can do, against what `wrk` then sees, on this machine only.

    python -m benchmarks.capacity [SECONDS OF THE LOAD] [BUDGET IN SECONDS]

One worker around a scikit-learn model of 30 columns, validation and journal on. `wrk` sends on 8 to 256 connections,
each the next request once the last is answered; the most requests per second of those loads whose 99th percentile is
within the budget are what it sees. Goal: the prediction is within 15 % of that. What else the machine does is in it.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.service import train, write_package
from benchmarks.wrk import load, rate
from schemas.capacity import CapacitySpec
from schemas.run import DeploySpec
from serving.capacity.measure import measure
from serving.capacity.replica import Served
from serving.process import services
from serving.process.deploy import deploy

CONNECTIONS = (8, 16, 32, 64, 128, 256)
NAME = "benchmark"


def main() -> None:
    """Measure, print, and stop everything again."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 45.0
    budget = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        print(json.dumps(compared(Path(folder), seconds, budget), indent=1))


def compared(home: Path, seconds: float, budget: float) -> dict[str, Any]:
    """Return the prediction, what wrk saw, and their ratio."""
    fitted, names, row = train()
    write_package(home / "package", fitted, names, row)
    package = str(home / "package")
    deploy(home, NAME, "1", package, DeploySpec())
    try:
        deployment = services.status(home, NAME)[0].deployment
        spec = CapacitySpec(seconds=seconds, latency_budget=budget)
        record, _ = measure(Served(home, deployment, "1", package), spec, 0, lambda _: None)
        body = json.dumps({"instances": [row]}).encode()
        load(deployment.port, "/predict", body, 1.0, 32)  # warms both ends
        seen = {count: load(deployment.port, "/predict", body, 3.0, count) for count in CONNECTIONS}
    finally:
        services.stop(home, NAME)
    within = [rate(one) for one in seen.values() if one["p99_ms"] <= 1000 * budget]
    best = max(within, default=None)
    return {
        "predicted": record.requests_per_second,
        "at_least": record.at_least,
        "seen": None if best is None else round(best, 1),
        "ratio": None if best is None else round(record.requests_per_second / best, 3),
        "wrk": {count: {"rate": round(rate(one)), "p99_ms": one["p99_ms"]} for count, one in seen.items()},
    }


if __name__ == "__main__":
    main()
