"""What a second worker brings and what the journal costs, as ratios in one run on this machine, with `wrk`.

    python -m benchmarks.workers [SECONDS OF EACH LOAD] [ROUNDS]

The service of benchmarks/serving.py with one worker, with two, and with one whose journal keeps nothing (the written
Bento is altered for that: the product has no such switch); loaded in turns, one row a request, 32 connections for each
worker; ratios are of medians. Goals on two cores, `wrk` on them too: two workers at least 1.6 times one, and with the
journal at most 15 % fewer requests per second than without. Half of the connections for each of two workers are
measured too: the more requests share a commit, the less two writers of one file wait for each other.
"""

import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.service import CONNECTIONS, train, write_package
from benchmarks.wrk import load, rate
from schemas.deploy_spec import DeploySpec
from serving.process import launch, services
from serving.process.bento_store import source
from serving.process.deploy import deploy
from serving.process.probe import get
from serving.process.records import Deployment

_KEEPS_NOTHING = """

async def _kept(self: Journal, request: object, _admission: object = None) -> None:
    return None


Journal.write = _kept
"""


def main() -> None:
    """Measure, print, and stop everything again."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        print(json.dumps(measure(Path(folder), seconds, rounds), indent=1))


def measure(home: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Return requests per second, 99th percentiles in ms, and the ratios."""
    fitted, names, row = train()
    write_package(home / "package", fitted, names, row)
    body = json.dumps({"instances": [row]}).encode()
    with ExitStack() as after:
        one, two, without = (_deployed(home, after, name, n) for name, n in (("one", 1), ("two", 2), ("without", 1)))
        _stop_keeping(home, without)
        loads = {
            "one": (one, CONNECTIONS),
            "two": (two, 2 * CONNECTIONS),
            "two_half": (two, CONNECTIONS),
            "without_journal": (without, CONNECTIONS),
        }
        found = _in_turns(loads, body, seconds, rounds)
    rates = {name: median(map(rate, parts)) for name, parts in found.items()}
    return {
        "requests_per_second": {name: round(value) for name, value in rates.items()},
        "p99_ms": {name: median(part["p99_ms"] for part in parts) for name, parts in found.items()},
        "two_workers_times_one": rates["two"] / rates["one"],
        "at_half_of_the_connections": rates["two_half"] / rates["one"],
        "journal_on_times_off": rates["one"] / rates["without_journal"],
    }


def _deployed(home: Path, after: ExitStack, name: str, workers: int) -> Deployment:
    after.callback(services.stop, home, name)
    deploy(home, name, "1", str(home / "package"), DeploySpec(workers=workers))
    return services.status(home, name)[0].deployment


def _stop_keeping(home: Path, known: Deployment) -> None:
    """Start a service anew whose journal says that it has written what it is given, and does not."""
    launch.end(home, known.name)
    writer = source(known.bento) / "serving" / "journal" / "writer.py"
    writer.write_text(writer.read_text() + _KEEPS_NOTHING)
    launch.start(
        home, known.name, known.spec, known.journal_url, known.journal, known.code_hash, known.bento, known.port
    )
    while get(f"{known.url}/readyz")[0] != 200:
        time.sleep(0.05)


def _in_turns(
    loads: dict[str, tuple[Deployment, int]], body: bytes, seconds: float, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Load each in each round."""
    asked = {name: partial(load, one.port, "/predict", body, connections=n) for name, (one, n) in loads.items()}
    for ask in asked.values():
        ask(seconds=1.0)  # warms both ends
    found: dict[str, list[dict[str, float]]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, ask in asked.items():
            found[name].append(ask(seconds=seconds))
    return found


if __name__ == "__main__":
    main()
