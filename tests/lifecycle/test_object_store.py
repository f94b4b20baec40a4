"""A stack whose artifacts and packages are on S3: a real server, real runs, a service that fetches from there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from zenml.client import Client

from schemas.home import Home
from serving.journal.location import journal_url
from serving.releases.publisher import current_release
from tests.lifecycle.conftest import Result, World, ask
from tests.object_store import OWNER, READER, STRANGER, ObjectStore, using
from tests.object_store import object_store as object_store

pytestmark = [pytest.mark.own_worker, pytest.mark.stacks, pytest.mark.untraced]
STACK = """\
name: {name}
orchestrator: {{flavor: local}}
artifact_store: {{flavor: drivetrain_s3, settings: {{path: "{path}"{more}}}}}
deployer: {{flavor: drivetrain_bentoml}}
data_validator: {{flavor: drivetrain_whylogs}}
"""


def declare(world: World, name: str, path: str, more: str = "") -> list[str]:
    """Declare a stack outside the repository; return the words that choose it."""
    folder = world.folder / "mine" / "stack"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(STACK.format(name=name, path=path, more=more), encoding="utf-8")
    return [f"--config-dir={folder.parent}", f"stack={name}"]


@pytest.fixture(scope="module")
def shelf(world: World, object_store: ObjectStore) -> Iterator[tuple[list[str], str]]:
    """The words of a stack on S3, which says where its server is, and its folder; the environment has the rest."""
    folder = object_store.new_folder()
    with pytest.MonkeyPatch.context() as patch:
        using(patch, {k: v for k, v in object_store.environment().items() if k != "AWS_ENDPOINT_URL"})
        yield declare(world, "shelf", folder, f', endpoint_url: "{object_store.endpoint}"'), folder


@pytest.fixture(scope="module")
def run(world: World, shelf: tuple[list[str], str]) -> Result:
    """The shipped experiment on that stack."""
    return world.run(*shelf[0], "+experiment=breast_cancer")


def test_an_experiment_runs_and_its_service_fetches_the_package_from_there(run: Result, world: World) -> None:
    assert run.code == 0, run.said
    current = current_release(journal_url(Home(world.home), "breast_cancer"))
    assert current is not None and current.package_url.startswith("s3://shelf/")
    assert "endpoint_url=http%3A%2F%2F127.0.0.1" in current.package_url
    url = run.summary["deployment"]["url"]
    assert [(release["version"], release["weight"]) for release in ask(url, "/releases")] == [("1", 1.0)]


def test_every_artifact_is_there_and_read_again(
    run: Result, object_store: ObjectStore, shelf: tuple[list[str], str]
) -> None:
    version = Client().get_model_version("breast_cancer", "1")
    package = version.get_artifact("model")
    assert package is not None and package.uri.startswith(shelf[1])
    assert package.load().manifest.model == "breast_cancer"
    for artifact in Client().list_artifact_versions(size=200, hydrate=True).items:
        artifact.load()
    names = [key.rpartition("/")[2] for key in object_store.keys(f"{package.uri}/package")]
    assert "complete.json" in names and "manifest.sha256" in names


def test_the_next_run_reuses_and_compares_with_production(
    run: Result, world: World, shelf: tuple[list[str], str]
) -> None:
    again = world.run(*shelf[0], "+experiment=breast_cancer")
    assert again.code == 0, again.said
    assert {"load", "split", "train", "evaluate"} <= again.reused
    (check,) = [check for check in again.summary["gate"]["checks"] if check["name"] == "no_worse_than_production"]
    assert check["passed"] and "version 1 in production" in check["why"]


def test_rows_on_s3_are_predicted_to_s3(
    run: Result, world: World, shelf: tuple[list[str], str], object_store: ObjectStore
) -> None:
    rows = load_breast_cancer(as_frame=True).data
    files, folder = object_store.files(), object_store.new_folder()
    files.pipe_file(f"{folder}/new.csv", rows.to_csv(index=False).encode())
    server = f"?endpoint_url={object_store.endpoint}"
    batch = [f"batch.input.path='{folder}/new.csv{server}'", f"batch.output.path='{folder}/out.parquet{server}'"]
    words = [*shelf[0], "+experiment=breast_cancer", "pipeline=batch_inference", *batch]
    done = world.run(*words)
    assert done.code == 0, done.said
    assert object_store.keys(folder) == ["new.csv", "out.parquet"]
    with files.open(f"{folder}/out.parquet") as file:
        assert len(pd.read_parquet(file)) == len(rows)
    refused = world.run(*words)
    assert refused.code == 2 and "exists already, and nothing is overwritten unasked" in refused.err


def test_no_secret_is_left_anywhere(run: Result, world: World) -> None:
    assert OWNER.secret not in run.out + run.err + json.dumps(run.summary)
    folders = (world.folder, Path(os.environ["BENTOML_HOME"]))
    for file in [path for folder in folders for path in folder.rglob("*") if path.is_file()]:
        assert OWNER.secret.encode() not in file.read_bytes(), file


def _refused(world: World, words: list[str]) -> Result:
    runs = _runs()
    result = world.run(*words, "+experiment=breast_cancer", "pipeline=training")
    assert result.code == 2 and result.summary is None
    assert _runs() == runs, "nothing was started"
    assert " cannot work, 1 problem" in result.err
    assert OWNER.secret not in result.err
    return result


def _runs() -> int:
    return int(Client().list_pipeline_runs().total)


WRONG = {
    "wrong secret": ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "shelf", "the secret does not fit the access key"),
    "unknown key": ({"AWS_ACCESS_KEY_ID": "nobody"}, "shelf", "the access key is not known there"),
    "no right": (
        {"AWS_ACCESS_KEY_ID": STRANGER.key, "AWS_SECRET_ACCESS_KEY": STRANGER.secret},
        "shelf",
        "access is denied\n      give this key the right to list and read there",
    ),
    "no right to write": (
        {"AWS_ACCESS_KEY_ID": READER.key, "AWS_SECRET_ACCESS_KEY": READER.secret},
        "shelf",
        "access is denied\n      give this key the right to write there",
    ),
    "no bucket": ({}, "nowhere", "there is no bucket nowhere"),
    "no server": ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "shelf", "the store does not answer"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_store_that_cannot_be_used_is_found_before_anything_starts(
    wrong: str, run: Result, world: World, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables, bucket, words = WRONG[wrong]
    using(monkeypatch, object_store.environment() | variables)
    refused = _refused(world, declare(world, "wrong", f"s3://{bucket}/x"))
    assert f"stack.artifact_store: s3://{bucket}/x" in refused.err
    assert words in refused.err


def test_a_plan_says_so_too(world: World, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, object_store.environment())
    planned = world.run(*declare(world, "wrong", "s3://nowhere/x"), "+experiment=breast_cancer", "action=plan")
    assert planned.code == 0
    assert "there is no bucket nowhere" in " ".join(planned.out.split())


def test_credentials_of_a_zenml_secret_reach_the_steps_and_the_service(
    run: Result, world: World, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, object_store.environment(STRANGER) | {"AWS_SESSION_TOKEN": "of single sign-on"})
    words = declare(world, "kept", object_store.new_folder(), ", authentication_secret: store-keys")
    assert "ZenML has no secret 'store-keys'" in _refused(world, words).err
    Client().create_secret("store-keys", {"aws_access_key_id": OWNER.key, "aws_secret_access_key": OWNER.secret})
    done = world.run(*words, "+experiment=breast_cancer", "name=kept")
    assert done.code == 0, done.said
    assert ask(done.summary["deployment"]["url"], "/releases")[0]["version"] == "1"


def test_credentials_may_be_the_stacks_own_environment(
    run: Result, world: World, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, {"AWS_ENDPOINT_URL": object_store.endpoint, "STORE_KEY": OWNER.key})
    words = declare(world, "own", object_store.new_folder())
    keys = "environment: {AWS_ACCESS_KEY_ID: {env: STORE_KEY}, AWS_SECRET_ACCESS_KEY: {env: STORE_SECRET}}\n"
    with (world.folder / "mine" / "stack" / "own.yaml").open("a", encoding="utf-8") as file:
        file.write(keys)
    assert (
        "stack.environment.AWS_SECRET_ACCESS_KEY: the environment variable STORE_SECRET" in _refused(world, words).err
    )
    monkeypatch.setenv("STORE_SECRET", OWNER.secret)
    done = world.run(*words, "+experiment=breast_cancer", "pipeline=training")
    assert done.code == 0, done.said


@pytest.mark.parametrize(
    ("path", "more", "words"),
    [
        ("gs://shelf/x", "", "is no S3 address"),
        ("s3://shelf/x/", "", "is to be written s3://shelf/x"),
        ("s3://Shelf", "", "is no name of an S3 bucket"),
        ("s3://shelf?region=x", "", "is no name of an S3 bucket"),
        ("s3://shelf", ", endpoint_url: host", "the endpoint is no address"),
        ("s3://shelf", ", secret: x", "has no such setting"),
    ],
)
def test_settings_are_checked(path: str, more: str, words: str, world: World, run: Result) -> None:
    refused = _refused(world, declare(world, "odd", path, more))
    assert words in refused.err and "stack.artifact_store.settings." in refused.err
