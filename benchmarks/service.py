"""The service's costs as ratios in one run, on this machine, over the loopback interface only.

    python -m benchmarks.service [SECONDS OF LOAD]

Prints JSON: resident memory (goal: under 320 MB), seconds to ready against an empty BentoML service (goal: at most 1.5
times), requests per second at 32 connections, one row of 30 columns each, against a plain `@bentoml.api` service around
the same scikit-learn model (goal: at least 2 times), journal rows against requests answered (goal: equal), and the
seconds that publishing takes longer than loading the package in a process that runs (goal: at most 1.5).
Resident is all processes of the service together.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.package import storage
from ml.package.model import PackagedModel
from ml.predictions.predictor import Predictions
from ml.runtimes.onnx import CLASSES, INPUT, PROBABILITIES
from schemas.choice import Choice
from schemas.deploy_spec import DeploySpec
from schemas.home import ROOT
from schemas.package import DataRecord, Manifest, Samples, SplitRecord
from schemas.signature import Input, NumberDerivation, Output, Signature
from serving.journal.predictions import count
from serving.process import launch, port, records, services
from serving.process.deploy import deploy
from serving.process.members import members
from serving.process.probe import get
from serving.process.records import Deployment
from serving.process.settings import HOST
from serving.releases.publisher import publish

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CONNECTIONS = 32
STARTS = 3


def main() -> None:
    """Measure, print, and stop everything again."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        print(json.dumps(measure(Path(folder), seconds), indent=1))


def measure(home: Path, seconds: float) -> dict[str, Any]:
    """Return all figures."""
    fitted, names, row = train()
    write_package(home / "package", fitted, names, row)
    body = json.dumps({"instances": [row]}).encode()
    ours = measure_ours(home, body, seconds)
    plain = measure_plain(home, fitted, body, seconds)
    starts = [
        (restart(home, ours["deployment"]), start_empty(home)) for _ in range(STARTS)
    ]  # in turn: both see the same machine
    ready, empty = (min(seconds) for seconds in zip(*starts, strict=True))
    return {
        "resident_mb": ours["resident_mb"],
        "ready_s": ready,
        "empty_ready_s": empty,
        "ready_ratio": ready / empty,
        "ours": ours["load"],
        "plain": plain,
        "requests_ratio": rate(ours["load"]) / rate(plain),
        "answered": ours["answered"],
        "journal_rows": ours["journal_rows"],
        "publishing_adds_s": ours["publish_s"] - loading(home / "package"),
    }


def rate(figures: dict[str, float]) -> float:
    """Return requests per second."""
    return figures["answered"] / figures["seconds"]


def train() -> "tuple[Pipeline, list[str], dict[str, float]]":
    """Fit a scaled logistic regression on 30 columns; return it, the columns and one row."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = load_breast_cancer(as_frame=True)
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(data.data.to_numpy(), data.target)
    return fitted, list(data.data.columns), {name: float(value) for name, value in data.data.iloc[0].items()}


def write_package(root: Path, fitted: "Pipeline", names: list[str], row: dict[str, float]) -> None:
    """Write the model as a package."""
    import numpy as np
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    model = to_onnx(fitted, initial_types=[(INPUT, FloatTensorType([None, len(names)]))], options={"zipmap": False})
    for key, value in ((CLASSES, "[0, 1]"), (PROBABILITIES, "true")):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    signature = Signature(
        inputs=[Input(name=name, type="number") for name in names],
        derivations=[NumberDerivation(column=name) for name in names],
        features=names,
        output=Output(task="binary", target="target", classes=[0, 1]),
    )
    matrix = np.array([list(row.values())], dtype=np.float32)
    predictions = Predictions(codes=fitted.predict(matrix), probabilities=fitted.predict_proba(matrix))
    assert predictions.codes is not None and predictions.probabilities is not None
    samples = Samples(
        cells={name: [value] for name, value in row.items()},
        codes=predictions.codes.tolist(),
        probabilities=predictions.probabilities.tolist(),
    )
    files: dict[str, bytes | Path] = {
        "model.onnx": model.SerializeToString(),
        storage.SIGNATURE: signature.model_dump_json().encode(),
        storage.SAMPLES: samples.model_dump_json().encode(),
    }
    split = SplitRecord(method=Choice(name="random"), salt="x", test=0.2, validation=0.2)
    manifest = Manifest(
        model="benchmark",
        runtime="onnx",
        runtime_file="model.onnx",
        runtime_reason="benchmark",
        trainer=Choice(name="logistic_regression"),
        seed=0,
        data=DataRecord(label="breast_cancer", fingerprint="x", rows={}, split=split),
        git_commit=None,
        python=sys.version.split()[0],
        libraries={},
        files={},
    )
    storage.write(root, files, manifest)


def measure_ours(home: Path, body: bytes, seconds: float) -> dict[str, Any]:
    """Deploy, load, and look at memory and journal."""
    deploy(home, "benchmark", "1", str(home / "package"), DeploySpec())
    deployment = services.status(home, "benchmark")[0].deployment
    try:
        load(deployment.port, "/predict", body, 1.0)  # warm both ends
        before = count(deployment.journal_url)
        figures = load(deployment.port, "/predict", body, seconds)
        rows = count(deployment.journal_url) - before
        published = publishing(deployment, home)
        resident = sum(one.memory_info().rss for one in members(records.settings_path(home, deployment.name))) / 1e6
    finally:
        services.stop(home, "benchmark")
    return {
        "deployment": deployment,
        "load": figures,
        "answered": figures["answered"],
        "journal_rows": rows,
        "resident_mb": resident,
        "publish_s": published,
    }


def publishing(deployment: Deployment, home: Path) -> float:
    """Return the seconds that a further version takes to be published."""
    shutil.copytree(home / "package", home / "next")
    started = time.perf_counter()
    publish(deployment.journal_url, "2", str(home / "next"))
    return time.perf_counter() - started


def loading(root: Path) -> float:
    """Return the seconds that loading a package and its sample check take in this process, the libraries imported."""
    started = time.perf_counter()
    PackagedModel.open(root).check_samples()
    return time.perf_counter() - started


def restart(home: Path, known: Deployment) -> float:
    """Return the seconds from the start of the process to ready, with the Bento built and a version to load."""
    started = time.perf_counter()
    launch.start(
        home, known.name, known.spec, known.journal_url, known.journal, known.code_hash, known.bento, known.port
    )
    while get(f"{known.url}/readyz")[0] != 200:
        time.sleep(0.01)
    took = time.perf_counter() - started
    launch.end(home, known.name)
    return took


def measure_plain(home: Path, fitted: "Pipeline", body: bytes, seconds: float) -> dict[str, float]:
    """Load the plain service."""
    import skops.io

    skops.io.dump(fitted, home / "plain.skops")
    with bentoml_service("Plain", home, {"PLAIN_MODEL": str(home / "plain.skops")}) as (chosen, _):
        load(chosen, "/predict", body, 1.0)
        return load(chosen, "/predict", body, seconds)


def start_empty(home: Path) -> float:
    """Return the seconds that an empty service takes to be ready."""
    with bentoml_service("Empty", home, {}) as (_, took):
        return took


@contextmanager
def bentoml_service(name: str, home: Path, environment: dict[str, str]) -> Iterator[tuple[int, float]]:
    """Run a service of plain_service.py; gives its port and the seconds it took to be ready."""
    chosen, started = port.choose(home, name), time.perf_counter()
    with (home / f"{name}.log").open("wb") as log:
        running = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bentoml",
                "serve",
                f"plain_service:{name}",
                "--host",
                HOST,
                "--port",
                str(chosen),
            ],
            cwd=ROOT / "benchmarks",
            env={**os.environ, **environment, "BENTOML_DO_NOT_TRACK": "True"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        while get(f"http://{HOST}:{chosen}/readyz")[0] != 200:
            if running.poll() is not None:
                raise RuntimeError((home / f"{name}.log").read_text())
            time.sleep(0.01)
        yield chosen, time.perf_counter() - started
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def load(chosen: int, path: str, body: bytes, seconds: float) -> dict[str, float]:
    """Run the load generator in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / "load.py"), str(chosen), str(CONNECTIONS), str(seconds), path]
    figures: dict[str, float] = json.loads(subprocess.run(command, input=body, capture_output=True, check=True).stdout)
    return figures


if __name__ == "__main__":
    main()
