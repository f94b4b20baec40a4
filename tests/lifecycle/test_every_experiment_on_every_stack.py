"""The sentence that the project exists for: every shipped experiment on this machine, on Ray, and on Ray with S3.

Nothing but the stack changes: the metrics are the same, one service answers, ZenML knows where all of it came from.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.home import ROOT, Home
from stacks.ray import cluster
from tests.lifecycle.conftest import Result, World, ask, fresh_world
from tests.ml.sources.packages import require_tables
from tests.object_store import ObjectStore, using
from tests.object_store import object_store as object_store

pytestmark = [pytest.mark.stacks, pytest.mark.own_worker, pytest.mark.untraced, pytest.mark.timeout(600)]

EXPERIMENTS = sorted(file.stem for file in (ROOT / "conf" / "experiment").glob("*.yaml"))
# Three runs each: what takes minutes is smaller, and what is refused is asked for as much as it can carry.
_SMALLER = {
    "batch_size": ["trainer.epochs=4"],
    "missing_word": ["trainer.epochs=1", "trainer.filters=32", "trainer.embedding=16"],
    "sales_ledger": ["data.horizon=2", "data.history=8", "split.origins=2"],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    for world in fresh_world(tmp_path_factory.mktemp("world")):
        yield world
        cluster.stop(Home(world.home))


def on_each(world: World, experiment: str, objects: ObjectStore, folder: Path) -> dict[str, Result]:
    """Run an experiment on each stack; each keeps its artifacts in a place of its own, and reuses nothing."""
    store = "stack.artifact_store.settings"
    words = {
        "local": [],
        "ray": ["stack=ray", f"{store}.path={folder / experiment}"],
        "ray_s3": ["stack=ray_s3", f"{store}.path={objects.new_folder()}", f"{store}.endpoint_url={objects.endpoint}"],
    }
    smaller = _SMALLER.get(experiment, [])
    return {name: world.run(f"+experiment={experiment}", *smaller, *given) for name, given in words.items()}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_experiment_gives_the_same_on_every_stack(
    experiment: str, world: World, object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tables(experiment)
    using(monkeypatch, object_store.environment())
    found = on_each(world, experiment, object_store, tmp_path)
    assert [result.code for result in found.values()] == [0, 0, 0], [result.said for result in found.values()]
    assert all("train" in result.ran for result in found.values()), "none reused what another trained"
    local = found["local"].summary
    for name in ("ray", "ray_s3"):
        summary = found[name].summary
        assert summary["stack"] == name
        assert flat(summary["metrics"]) == pytest.approx(flat(local["metrics"]), abs=1e-6)
        assert summary["deployment"]["url"] == local["deployment"]["url"]
    newest = found["ray_s3"].summary
    current = ask(newest["deployment"]["url"], "/releases")[0]
    assert current["version"] == newest["model"]["version"] == "3"
    has_lineage(newest["runs"][0])
    again = world.run(f"+experiment={experiment}", "pipeline=training", *_SMALLER.get(experiment, []))
    assert {"load", "split", "train", "evaluate"} <= again.reused or "load" in again.ran  # a database is read anew


def flat(value: Any, prefix: str = "") -> dict[str, float]:
    """Return every number of a summary's metrics by its path."""
    if isinstance(value, dict):
        return {key: number for name, one in value.items() for key, number in flat(one, f"{prefix}/{name}").items()}
    if isinstance(value, list):
        return {key: number for n, one in enumerate(value) for key, number in flat(one, f"{prefix}/{n}").items()}
    return {} if value is None else {prefix: float(value)}


def has_lineage(run_id: str) -> None:
    """Check that ZenML knows the run's steps, what each of them gave, and who made what each of them took."""
    from zenml.client import Client

    steps = Client().get_pipeline_run(run_id).steps
    assert {"load", "split", "train", "package", "register"} <= steps.keys()
    package = steps["package"].outputs["model"][0]
    assert package.uri.startswith("s3://")
    (taken,) = steps["register"].regular_inputs["model"]
    assert taken.id == package.id and taken.producer_step_run_id is not None
