"""Batch inference end to end: the version in production predicts a table, and the service agrees."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ml.package.model import PackagedModel
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.home import ROOT
from schemas.package import Manifest
from serving.journal.location import sqlite_url
from serving.journal.predictions import count
from tests.lifecycle.conftest import Result, World, ask

pytestmark = pytest.mark.own_worker
BATCH = ("+experiment=houses", "pipeline=batch_inference")


@pytest.fixture(scope="module")
def deployed(world: World) -> Result:
    """The houses, in production."""
    result = world.run("+experiment=houses")
    assert result.code == 0, result.said
    return result


@pytest.fixture(scope="module")
def houses() -> pd.DataFrame:
    """The rows of the example, with their text as it stands in the file."""
    return pd.read_csv(ROOT / "examples" / "houses.csv", dtype="str", keep_default_na=False)


@pytest.mark.untraced
def test_nothing_predicts_before_something_is_in_production(world: World) -> None:
    yaml = "# @package _global_\ndefaults:\n  - override /data: csv\nname: nobody\ndata: {path: gone.csv, target: y}\n"
    (world.folder / "some.csv").write_text("a\n1\n")
    words = (world.experiment("nobody", yaml), "+experiment=nobody", "pipeline=batch_inference")
    result = world.run(*words, "batch.input.path=some.csv", "batch.output.path=never.csv")
    assert (result.code, result.summary) == (2, None)
    assert "no version of 'nobody' is in production" in result.err
    assert not (world.folder / "never.csv").exists()


@pytest.mark.untraced
def test_the_predictions_are_the_services(world: World, deployed: Result, houses: pd.DataFrame) -> None:
    rows = houses.iloc[:300].copy()
    rows.loc[7, "rooms"] = "many"
    rows.to_csv(world.folder / "new.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        loaded: list[Path] = []
        load = PackagedModel.load

        def counted(root: Path, manifest: Manifest) -> PackagedModel:
            loaded.append(root)
            return load(root, manifest)

        patch.setattr(PackagedModel, "load", counted)
        patch.setattr("cli.progress.QUIET", 0)
        words = ("batch.input.path=new.csv", "batch.output.path=predictions.parquet", "batch.piece=90")
        result = world.run(*BATCH, *words)
    assert result.code == 0, result.said
    assert len(loaded) == 1, "the production package is loaded once a batch"
    errors = world.folder / "predictions.parquet.errors.csv"
    assert f"note: 299 rows predicted, 1 refused: {errors}" in result.err
    assert f"note: predictions: {world.folder / 'predictions.parquet'}" in result.err
    assert [line for line in result.err.splitlines() if line.startswith("progress predict_batch: 90 rows")]
    assert result.summary["model"] == {**deployed.summary["model"], "stage": "production"}

    answers = pd.read_parquet(world.folder / "predictions.parquet")
    assert list(answers.columns) == [*houses.columns, "prediction", "model_version"]
    (wrong,) = pd.read_csv(errors).to_dict("records")
    whole = CsvSource(CsvParams(path=str(ROOT / "examples" / "houses.csv"))).read().iloc[:300]
    instances = json.loads(whole.drop(columns="price").to_json(orient="records"))
    instances[7]["rooms"] = "many"
    said = ask(deployed.summary["deployment"]["url"], "/predict", {"instances": instances})
    assert (wrong["row"], wrong["column"]) == (8, "rooms")
    assert wrong["message"] == said["predictions"][7]["error"]["message"]
    values = [answer["value"] for place, answer in enumerate(said["predictions"]) if place != 7]
    assert answers["prediction"].tolist() == pytest.approx(values, rel=1e-5)
    assert set(answers["model_version"]) == {said["version"]}


def test_a_second_run_refuses_to_overwrite_and_starts_nothing(world: World, deployed: Result) -> None:
    (world.folder / "one.csv").write_text("a\n1\n")
    (world.folder / "there.csv").write_text("mine")
    result = world.run(*BATCH, "batch.input.path=one.csv", "batch.output.path=there.csv")
    assert (result.code, result.summary) == (2, None)
    assert "there.csv exists already" in result.err
    assert (world.folder / "there.csv").read_text() == "mine"


def test_a_header_that_cannot_be_predicted_starts_nothing(world: World, deployed: Result, houses: pd.DataFrame) -> None:
    wrong = houses.rename(columns={"rooms": "room", "country": "Prediction"})
    wrong.to_csv(world.folder / "wrong.csv", index=False)
    words = ("batch.input.path=wrong.csv", "batch.output.path=never.csv")
    result = world.run(*BATCH, *words)
    assert (result.code, result.summary) == (2, None)
    assert "there is no column 'rooms', and version" in result.err and "Did you mean 'room'?" in result.err
    assert "column 'Prediction' has the name of a column of the predictions" in result.err
    plan = world.run(*BATCH, *words, "action=plan")
    assert (plan.code, plan.summary) == (0, None) and "'rooms'" in plan.out
    assert not list(world.folder.glob("never*"))


def test_when_every_row_is_refused_the_exit_code_is_1_and_the_errors_stay(
    world: World, deployed: Result, houses: pd.DataFrame
) -> None:
    houses.iloc[:20].assign(rooms="many").to_csv(world.folder / "bad.csv", index=False)
    result = world.run(*BATCH, "batch.input.path=bad.csv", "batch.output.path=none.csv")
    assert (result.code, result.summary["status"]) == (1, "failed")
    assert "none of the 20 rows could be predicted" in result.summary["error"]
    assert len(pd.read_csv(world.folder / "none.csv.errors.csv")) == 20
    assert not (world.folder / "none.csv").exists()
    again = world.run(*BATCH, "batch.input.path=bad.csv", "batch.output.path=none.csv")
    assert again.code == 2 and "holds what an earlier run refused" in again.err


@pytest.mark.untraced
def test_a_killed_run_leaves_no_output_and_does_not_stand_in_the_way(
    world: World, deployed: Result, houses: pd.DataFrame
) -> None:
    pd.concat([houses] * 40).to_csv(world.folder / "long.csv", index=False)
    words = [*BATCH, "batch.input.path=long.csv", "batch.output.path=long_out.csv", "batch.piece=20"]
    command = [sys.executable, str(ROOT / "run.py"), *words, f"hydra.run.dir={world.folder / 'killed'}"]
    with subprocess.Popen(
        command, cwd=world.folder, env=world.environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert any(line.startswith("progress predict_batch: ") for line in process.stderr)
        os.kill(process.pid, signal.SIGKILL)
    left = [path.name for path in Path(world.folder).glob("long_out*")]
    assert left == [] and (world.folder / ".long_out.csv.batch" / "manifest.json").exists()
    houses.iloc[:20].to_csv(world.folder / "long.csv", index=False)
    journal = sqlite_url(world.home / "journals" / "houses.db")
    before = count(journal)
    again = world.run(*words, "batch.journal=true")
    assert again.code == 0
    assert "is given up: its input has changed, batch.journal is another" in again.err
    assert len(pd.read_csv(world.folder / "long_out.csv")) == 20 and not list(world.folder.glob(".long_out*"))
    assert count(journal) == before + 20
