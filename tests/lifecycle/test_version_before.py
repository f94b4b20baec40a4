"""A ZenML store, packages and a journal that version 0.1.0 wrote, before files moved to the rooms they are in now."""

import json
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.__main__ import main as operators
from tests.lifecycle.conftest import Result, World, ask, forget_store, fresh_world

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
FIXTURE = Path(__file__).with_name("version_0_1_0") / "world.zip"
WORDS = ("+experiment=parcels",)


def unpack(folder: Path) -> None:
    """Lay the world of then into `folder`: databases were dumped as SQL, with the folder's name left open."""
    with zipfile.ZipFile(FIXTURE) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if not name.endswith((".sql", "config.yaml"))])
        texts = {
            name: archive.read(name).decode().replace("@WORLD@", str(folder))
            for name in ("zenml.sql", "journal.sql", "config.yaml")
        }
    databases = {"zenml.sql": "stores/default_zen_store/zenml.db", "journal.sql": "home/journals/parcels.db"}
    for name, place in databases.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(folder / place) as database:
            database.executescript(texts[name])
    (folder / "zenml").mkdir()
    (folder / "zenml" / "config.yaml").write_text(texts["config.yaml"])


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world of then, as a user finds it after an update."""
    folder = tmp_path_factory.mktemp("then")
    unpack(folder)
    for world in fresh_world(folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZENML_LOCAL_STORES_PATH", str(folder / "stores"))
            forget_store()
            yield world


def run(world: World, *words: str) -> Result:
    return world.run(f"--config-dir={world.folder}", *WORDS, *words)


@pytest.fixture(scope="module")
def deployed(then: World) -> Result:
    """The newest version of then, deployed again."""
    result = run(then, "pipeline=deployment")
    assert result.code == 0, result.said
    return result


def test_every_artifact_of_then_still_loads(then: World) -> None:
    from zenml.client import Client

    loaded: dict[str, Any] = {}
    for version in Client().list_artifact_versions(size=500, hydrate=True).items:
        loaded.setdefault(version.artifact.name, version.load())
    kinds = {name.split("::")[-1]: type(value).__name__ for name, value in loaded.items()}
    assert len(loaded) == 19
    assert set(kinds.values()) >= {
        "DataFrame", "TableSchema", "Signature", "ModelPackage", "ReferenceProfile", "Evaluation", "GateVerdict",
        "DataReport", "MonitoringReport",
    }  # fmt: skip


def test_a_version_of_then_is_deployed_and_predicts_as_it_did(then: World, deployed: Result) -> None:
    assert deployed.summary["model"]["version"] == "2"
    url = deployed.summary["deployment"]["url"]
    for once in json.loads((then.folder / "answers.json").read_text()):
        again = ask(url, "/predict", {"instances": once["instances"]})
        assert again["version"] == once["answer"]["version"] == "2"
        assert again["predictions"] == once["answer"]["predictions"]


def test_what_was_predicted_then_is_monitored(then: World, deployed: Result) -> None:
    watched = run(then, "pipeline=monitoring")
    assert watched.code == 0, watched.said
    assert watched.summary["monitoring"]["verdict"] == "ok"
    assert "on 60 labelled predictions" in watched.err, "labels of then are compared too"


def test_a_new_version_is_compared_with_that_of_then(then: World, deployed: Result) -> None:
    trained = run(then, "pipeline=training", "trainer.C=0.4", "gate.no_worse_than_production.tolerance=1")
    assert trained.code == 0, trained.said
    assert trained.summary["model"]["version"] == "3"
    checks = {check["name"]: check["why"] for check in trained.summary["gate"]["checks"]}
    assert "of version 2 in production" in checks["no_worse_than_production"]


def test_an_operator_goes_back_to_the_version_before_that(then: World, deployed: Result) -> None:
    url = deployed.summary["deployment"]["url"]
    assert operators(["rollback", "parcels"]) == 0
    time.sleep(0.3)  # the service follows within a tenth of a second
    assert ask(url, "/releases")[0]["version"] == "1"
