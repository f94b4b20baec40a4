"""What a stack costs: to look at it and change nothing beside starting ZenML, and a warm Ray cluster beside none.

Wall-clock seconds, medians, alternating runs, one JSON line each. At most 0.3 times and 1.3 times are promised.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from schemas.home import ROOT

ROUNDS = 5
LOOK_ALLOWED, RAY_ALLOWED = 0.3, 1.3
_LOOK = """
import json, sys, time
began = time.perf_counter()
from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
run = load_run(compose(parse_arguments(["+experiment=breast_cancer"])))
from stacks.session import store_file, zenml_session
with zenml_session(lambda event: None) as client:
    started = time.perf_counter()
    from pipelines.execution.stack_needs import require_stack
    from stacks.apply import apply_stack
    require_stack(client, run, sqlite=store_file() is not None)
    apply_stack(client, run.stack, lambda change: None)
    done = time.perf_counter()
print("SECONDS", json.dumps([started - began, done - started]))
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "ZENML_CONFIG_PATH": f"{folder}/zenml",
            "ZENML_LOCAL_STORES_PATH": f"{folder}/stores",
            "DRIVETRAIN_HOME": f"{folder}/home",
            "ZENML_ANALYTICS_OPT_IN": "false",
        }
        try:
            _look(environment)
            _ray(Path(folder), environment)
        finally:
            words = [sys.executable, "-m", "stacks", "stop", "ray", "--force"]
            subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)


def _look(environment: dict[str, str]) -> None:
    rounds = []
    for _ in range(ROUNDS + 1):
        words = [sys.executable, "-c", _LOOK]
        done = subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        line = next(line for line in done.stdout.splitlines() if line.startswith("SECONDS "))
        rounds.append(json.loads(line.removeprefix("SECONDS ")))
    start, look = (statistics.median(part) for part in zip(*rounds[1:], strict=True))  # the first makes the store
    result = {"start_s": round(start, 2), "look_and_apply_s": round(look, 2), "ratio": round(look / start, 2)}
    print(json.dumps({"benchmark": "stack", **result, "allowed": LOOK_ALLOWED}), flush=True)


def _ray(folder: Path, environment: dict[str, str]) -> None:
    seconds: dict[str, list[float]] = {"local": [], "ray": []}
    for number in range(ROUNDS + 1):
        for stack, spent in seconds.items():
            took = _training(folder, environment, stack, number)
            if number:  # the first starts the cluster, and warms its processes
                spent.append(took)
    local, ray = statistics.median(seconds["local"]), statistics.median(seconds["ray"])
    result = {"local_s": round(local, 2), "ray_s": round(ray, 2), "ratio": round(ray / local, 2)}
    print(json.dumps({"benchmark": "ray", **result, "allowed": RAY_ALLOWED}))


def _training(folder: Path, environment: dict[str, str], stack: str, number: int) -> float:
    """Return the seconds of a training run; rows and seed of its own keep it from reusing another's."""
    words = [sys.executable, str(ROOT / "run.py"), "+experiment=breast_cancer", "pipeline=training", f"stack={stack}"]
    own = [f"seed={number}", f"split.salt={stack}-{number}"]
    began = time.perf_counter()
    subprocess.run([*words, *own], cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
