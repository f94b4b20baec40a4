"""The hot path as ratios in one run on this machine, over the loopback interface only, with `wrk`.

    python -m benchmarks.serving [SECONDS OF EACH LOAD] [ROUNDS]

One worker each around the same scikit-learn model of 30 columns, loaded in turns, 32 connections; ratios are of
medians. Ours has validation and journal on, and as many rows in the journal as were answered. Goals, in requests per
second: with one row at least 10 times a plain `@bentoml.api` service, 3 times FastAPI (sync), 2 times FastAPI (async),
35 % of bare Starlette with onnxruntime, which neither validates nor journals; with 100 rows at least 3 times the plain
one sent as `instances`, and 6 times sent as binary tensors; at one connection a median at most 0.5 ms above the bare
one's, the 99th percentile at most 3 ms.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.service import CONNECTIONS, bentoml_service, train, write_package
from benchmarks.wrk import load, rate
from schemas.deploy_spec import DeploySpec
from schemas.home import ROOT
from serving.journal.predictions import count
from serving.process import port, services
from serving.process.deploy import deploy
from serving.process.probe import get
from serving.process.records import Deployment
from serving.process.settings import HOST

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ROWS = 100
Ports = dict[str, int]
TENSORS = "ours_tensors"


class Tensors(NamedTuple):
    """The rows of a body as binary tensors, behind `json_bytes` of JSON."""

    body: bytes
    json_bytes: int


def main() -> None:
    """Measure, print, and stop everything again."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        print(json.dumps(measure(Path(folder), seconds, rounds), indent=1))


def measure(home: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Return all figures."""
    fitted, names, row = train()
    write_package(home / "package", fitted, names, row)
    many = json.dumps({"instances": table(names)}).encode()
    one = json.dumps({"instances": [row]}).encode()
    tensors = Tensors(*binary(names))
    with running(home, fitted) as ports, ExitStack() as after:
        after.callback(services.stop, home, "benchmark")
        deploy(home, "benchmark", "1", str(home / "package"), DeploySpec())
        deployment = services.status(home, "benchmark")[0].deployment
        ports = {"ours": deployment.port, **ports}
        single = in_turns(ports, one, seconds, rounds, CONNECTIONS)
        few = {name: ports[name] for name in ("ours", "plain", "bare")}
        batches = in_turns(few, many, seconds, rounds, CONNECTIONS, tensors)
        alone = in_turns({name: ports[name] for name in ("ours", "bare")}, one, seconds, rounds, 1)
        written, answered = journalled(deployment)
        size = Path(deployment.journal_url.removeprefix("sqlite:///")).stat().st_size
    return {
        "one_row": ratios(single),
        "hundred_rows": ratios(batches),
        "one_connection": {name: {key: part[key] for key in ("p50_ms", "p99_ms")} for name, part in alone.items()},
        "journal_rows": written,
        "rows_answered": answered,
        "journal_bytes_per_row": size / written,
    }


def table(names: list[str]) -> list[dict[str, float]]:
    """Return rows of the data."""
    from sklearn.datasets import load_breast_cancer

    rows = load_breast_cancer().data[:ROWS]
    return [dict(zip(names, map(float, values), strict=True)) for values in rows]


def binary(names: list[str]) -> tuple[bytes, int]:
    """Return the same rows as a tensor of bytes for each column, and how many bytes before them are JSON."""
    import numpy as np

    rows = table(names)
    parts = [np.array([row[name] for row in rows], dtype="<f8").tobytes() for name in names]
    inputs = [
        {"name": name, "shape": [ROWS], "datatype": "FP64", "parameters": {"binary_data_size": len(part)}}
        for name, part in zip(names, parts, strict=True)
    ]
    head = json.dumps({"parameters": {"binary_data_output": True}, "inputs": inputs}).encode()
    return b"".join([head, *parts]), len(head)


def journalled(deployment: Deployment) -> tuple[int, int]:
    """Return how many rows the journal has and how many were answered. Raises RuntimeError where they differ."""
    for _ in range(50):  # what wrk left behind is still in work
        time.sleep(0.1)
        found = count(deployment.journal_url), rows_answered(deployment.port)
        if found[0] == found[1]:
            return found
    raise RuntimeError(f"the journal has {found[0]} rows, and {found[1]} were answered")


def rows_answered(chosen: int) -> int:
    """Return how many rows the service says that it predicted; wrk does not count what comes after its time."""
    text = get(f"http://{HOST}:{chosen}/metrics")[1]
    (line,) = (one for one in text.splitlines() if one.startswith("drivetrain_rows_total{"))
    return int(float(line.split()[-1]))


def in_turns(
    ports: Ports, body: bytes, seconds: float, rounds: int, connections: int, tensors: Tensors | None = None
) -> dict[str, dict[str, float]]:
    """Load each service in each round, ours once more with `tensors`; return of each the medians."""
    loads: dict[str, Callable[[float], dict[str, float]]] = {
        name: partial(_load, chosen, body, connections) for name, chosen in ports.items()
    }
    if tensors is not None:
        loads[TENSORS] = partial(_load_tensors, ports["ours"], tensors, connections)
    for one in loads.values():
        one(1.0)  # warms both ends
    found: dict[str, list[dict[str, float]]] = {name: [] for name in loads}
    for _ in range(rounds):
        for name, one in loads.items():
            found[name].append(one(seconds))
    return {
        name: {
            "requests_per_second": median(map(rate, parts)),
            **{key: median(part[key] for part in parts) for key in ("p50_ms", "p99_ms")},
        }
        for name, parts in found.items()
    }


def _load(chosen: int, body: bytes, connections: int, seconds: float) -> dict[str, float]:
    return load(chosen, "/predict", body, seconds, connections)


def _load_tensors(chosen: int, tensors: Tensors, connections: int, seconds: float) -> dict[str, float]:
    path, media = "/v2/models/benchmark/infer", "application/octet-stream"
    return load(chosen, path, tensors.body, seconds, connections, media, tensors.json_bytes)


def ratios(parts: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Return requests per second, and how many times those of each other service ours are, sent as tensors too."""
    rates = {name: part["requests_per_second"] for name, part in parts.items()}
    others = {name: other for name, other in rates.items() if name not in ("ours", TENSORS)}
    times = {f"times_{name}": rates["ours"] / other for name, other in others.items()}
    if TENSORS in rates:
        times |= {f"tensors_times_{name}": rates[TENSORS] / other for name, other in others.items()}
    return {"requests_per_second": {name: round(one) for name, one in rates.items()}, **times}


@contextmanager
def running(home: Path, fitted: "Pipeline") -> Iterator[Ports]:
    """Run the services that ours is compared with; gives their ports."""
    import skops.io

    skops.io.dump(fitted, home / "plain.skops")
    model = {"PLAIN_MODEL": str(home / "plain.skops"), "BARE_MODEL": str(home / "package" / "model.onnx")}
    with ExitStack() as stack:
        plain, _ = stack.enter_context(bentoml_service("Plain", home, model))
        others = {
            name: stack.enter_context(uvicorn_service(factory, home, model))
            for name, factory in (("fastapi_sync", "sync"), ("fastapi_async", "asynchronous"), ("bare", "bare"))
        }
        yield {"plain": plain, **others}


@contextmanager
def uvicorn_service(factory: str, home: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run an application of peers.py, one worker without access log; gives its port."""
    chosen = port.choose(home, factory)
    command = [sys.executable, "-m", "uvicorn", f"benchmarks.peers:{factory}", "--factory", "--no-access-log"]
    with (home / f"{factory}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", HOST, "--port", str(chosen), "--log-level", "warning"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _await(chosen, process, home / f"{factory}.log")
        yield chosen
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _await(chosen: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    import httpx

    while True:
        try:
            httpx.get(f"http://{HOST}:{chosen}/")
        except httpx.TransportError:
            if process.poll() is not None:
                raise RuntimeError(log.read_text()) from None
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
