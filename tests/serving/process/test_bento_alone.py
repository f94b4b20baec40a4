"""A Bento with nothing else: another store, an empty folder, no settings file, started by BentoML's own command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.package.model import PackagedModel
from schemas.package import Samples
from serving.journal.location import sqlite_url
from serving.journal.predictions import count
from serving.process import bento, bento_store, code_closure, port
from serving.process.bento import Packaged
from serving.process.probe import until_ready
from serving.releases.publisher import releases
from tests.serving import packages

pytestmark = pytest.mark.untraced

NAME = "hut"  # no other test has a Bento of this name
ROWS = 1_000
_LARGEST_ENVIRONMENT = 600_000_000  # bytes
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Alone:
    """A copy of a Bento in a store of its own, an empty folder, and the package that went into it."""

    tag: str
    store: Path
    folder: Path
    package: Path

    @property
    def journal_url(self) -> str:
        return sqlite_url(self.folder / f"{NAME}.db")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Alone:
    home, elsewhere = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("elsewhere")
    package = packages.write_onnx(home / "packages" / "1")
    tag = bento.build(home, NAME, code_closure.code_hash(home), Packaged("1", package))
    shutil.copytree(bento_store.folder(tag), elsewhere / "store" / "bentos" / tag.replace(":", "/"))
    shutil.rmtree(bento_store.folder(tag))
    (elsewhere / "empty").mkdir()
    return Alone(tag, elsewhere / "store", elsewhere / "empty", package)


def environment(alone: Alone, **more: str) -> dict[str, str]:
    """Return the variables of a process that knows of nothing but the Bento."""
    return {"PATH": os.environ["PATH"], "HOME": str(alone.store), "BENTOML_HOME": str(alone.store), **more}


@contextmanager
def served(alone: Alone, python: str = sys.executable, **more: str) -> Iterator[str]:
    """Serve the Bento by BentoML's command; give the URL once it is ready."""
    number = port.choose(alone.folder, NAME)
    command = [python, "-m", "bentoml", "serve", alone.tag, "--host", "127.0.0.1", "--port", str(number)]
    with (alone.store / "log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=alone.folder, env=environment(alone, **more), stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{number}"
        status, text = until_ready(url, _START_SECONDS)
        assert status == 200, f"{text}\n{(alone.store / 'log').read_text()[-4000:]}"
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def publish_from_the_bento(alone: Alone, version: str, package: Path) -> None:
    """Publish a version as the Bento's README says, with nothing but its code."""
    program = (
        f"from serving.releases.publisher import publish; publish({alone.journal_url!r}, {version!r}, {str(package)!r})"
    )
    code = alone.store / "bentos" / alone.tag.replace(":", "/") / "src"
    subprocess.run([sys.executable, "-c", program], cwd=code, env=environment(alone), timeout=60, check=True)


def rows(number: int = ROWS) -> list[dict[str, Any]]:
    """Return rows that the package takes, among them ones with missing values and unseen categories."""
    rng = np.random.default_rng(1)
    return [
        {
            "size": round(float(rng.uniform(0, 10)), 3),
            "rooms": None if rng.random() < 0.1 else int(rng.integers(1, 9)),
            "garden": [True, False, None][rng.integers(3)],
            "city": ["Bern", "Genève", "Chur"][rng.integers(3)],
            "built": None
            if rng.random() < 0.1
            else f"{rng.integers(1900, 2024)}-0{rng.integers(1, 10)}-1{rng.integers(10)}",
        }
        for _ in range(number)
    ]


def predicted(package: Path, instances: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what a package itself predicts, as the service writes it."""
    from ml.package.model import cells_of

    model = PackagedModel.open(package)
    columns = {name: [row[name] for row in instances] for name in instances[0]}
    cells = cells_of(Samples(cells=columns), model.signature)
    found: list[Mapping[str, Any]] = json.loads(json.dumps(list(model.encode(model.predict(cells)).records)))
    return found


def equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(
        one["label"] == other["label"]
        and np.allclose(list(one["probabilities"].values()), list(other["probabilities"].values()), atol=1e-6)
    )


def test_it_answers_as_its_package_and_goes_on_with_what_is_published_later(alone: Alone) -> None:
    instances = rows()
    with served(alone) as url:
        answer = ask(f"{url}/predict", {"instances": instances})
        assert (answer["model"], answer["version"]) == (NAME, "1")
        expected = predicted(alone.package, instances)
        assert len(answer["predictions"]) == ROWS and all(map(equal, answer["predictions"], expected))
        assert set(ask(f"{url}/openapi.json")["paths"]) >= {"/predict", "/feedback", "/readyz"}
        assert count(alone.journal_url) == ROWS
        with urllib.request.urlopen(f"{url}/metrics", timeout=30) as page:
            assert b"drivetrain_" in page.read()
        newer = packages.write_onnx(alone.store / "newer", seed=3)
        publish_from_the_bento(alone, "2", newer)
        assert until_ready(url, 10, "2")[0] == 200
    with served(alone, DRIVETRAIN_JOURNAL_URL=alone.journal_url, DRIVETRAIN_DEPLOY_MAX_ROWS="10") as url:
        answer = ask(f"{url}/predict", {"instances": instances[:10]})
        assert answer["version"] == "2", "the one inside was replaced"
        with pytest.raises(urllib.error.HTTPError, match="413"):
            ask(f"{url}/predict", {"instances": instances[:11]})
        assert all(map(equal, answer["predictions"], predicted(newer, instances[:10])))
    assert [(one.version, one.weight) for one in releases(alone.journal_url)] == [("2", 1.0), ("1", 0.0)]
    assert {path.name for path in alone.folder.iterdir()} <= {
        *(f"{NAME}.db", "hut.db-wal", "hut.db-shm", "hut.packages")
    }


def test_what_the_environment_says_and_cannot_be_ends_the_start(alone: Alone) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bentoml", "serve", alone.tag, "--host", "127.0.0.1", "--port", "1"],
        cwd=alone.folder,
        env=environment(alone, DRIVETRAIN_DEPLOI_MAX_ROWS="5", DRIVETRAIN_DEPLOY_QUEUE="many"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = " ".join(done.stderr.split())
    assert done.returncode != 0 and "Did you mean 'DRIVETRAIN_DEPLOY_MAX_ROWS'?" in said and "'many'" in said
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def environment_of_its_own(alone: Alone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment made from the Bento's own requirements, and nothing else; pip needs an index."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    lock = alone.store / "bentos" / alone.tag.replace(":", "/") / "env" / "python" / "requirements.txt"
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
    subprocess.run(install, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    return folder


@pytest.mark.stacks
@pytest.mark.timeout(900)
def test_in_an_environment_of_its_requirements_it_answers_as_its_package(
    alone: Alone, environment_of_its_own: Path, tmp_path: Path
) -> None:
    files = [path.lstat() for path in environment_of_its_own.rglob("*")]
    assert sum(one.st_blocks * 512 for one in files) <= _LARGEST_ENVIRONMENT
    packages_there = {path.name for path in environment_of_its_own.glob("lib/*/site-packages/*")}
    assert "onnxruntime" in packages_there
    assert not packages_there & {"sklearn", "keras", "jax", "ray", "zenml", "pytest", "pandas"}
    instances = rows()
    python = str(environment_of_its_own / "bin" / "python")
    with served(alone, python, DRIVETRAIN_JOURNAL_URL=f"sqlite:///{tmp_path}/its.db") as url:
        answer = ask(f"{url}/predict", {"instances": instances})
        assert answer["version"] == "1" and len(answer["predictions"]) == ROWS
        assert all(map(equal, answer["predictions"], predicted(alone.package, instances)))
        with urllib.request.urlopen(f"{url}/docs", timeout=30) as page:
            assert page.status == 200
