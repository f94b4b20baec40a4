"""A sweep: jobs of one process that share what they can, a table, a picture, and a test set that nobody accessed."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from zenml.client import Client

from schemas.home import ROOT
from steps.evaluate.test_set_access import PREFIX
from tests.lifecycle.conftest import Result, World

pytestmark = pytest.mark.own_worker

BASE = "+experiment=breast_cancer"
SHARED = {"load", "infer_schema", "split", "validate_data", "fit_features", "train_baseline"}


@dataclass(frozen=True)
class Swept:
    """What a sweep left."""

    result: Result
    folder: Path

    def summary(self, job: int) -> Any:
        """The summary of one job."""
        return json.loads((self.folder / str(job) / "summary.json").read_text(encoding="utf-8"))

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of comparison.csv."""
        with (self.folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def command(self) -> list[str]:
        """The words of the winner's command, less python and run.py."""
        (line,) = (line for line in self.result.out.splitlines() if line.startswith("next: "))
        return shlex.split(line.removeprefix("next: "))[2:]


def sweep(world: World, name: str, *words: str) -> Swept:
    folder = world.folder / name
    return Swept(world.run("-m", BASE, *words, f"hydra.sweep.dir={folder}"), folder)


@pytest.fixture(scope="module")
def swept(world: World) -> Swept:
    """Six jobs, one of which fails in the middle of its training: lbfgs knows no l1 penalty."""
    return sweep(world, "swept", "trainer.solver=lbfgs,liblinear,saga", "trainer.l1_ratio=0,1")


def looks() -> list[Any]:
    versions = Client().list_artifact_versions(artifact="test_set", hydrate=True).items
    assert versions, "the split makes a test set; a sweep keeps it sealed"
    return [value for version in versions for key, value in version.run_metadata.items() if key.startswith(PREFIX)]


@pytest.mark.untraced
def test_a_failed_job_does_not_stop_the_others(swept: Swept) -> None:
    assert swept.result.code == 1
    assert [row["status"] for row in swept.rows] == ["succeeded"] * 5 + ["failed"]
    assert swept.rows[-1]["job"] == "1"
    assert "Solver lbfgs" in swept.rows[-1]["error"]
    assert "failed\t1\ttrainer.solver=lbfgs trainer.l1_ratio=1" in swept.result.out


def test_a_second_sweep_into_the_same_folder_is_refused_and_leaves_the_first_as_it_is(
    swept: Swept, world: World
) -> None:
    before = {path: path.stat().st_mtime_ns for path in swept.folder.rglob("*")}
    again = sweep(world, "swept", "seed=1,2")
    assert again.result.code == 2 and "holds an earlier sweep (comparison.csv" in again.result.err
    assert before == {path: path.stat().st_mtime_ns for path in swept.folder.rglob("*")}


def test_every_job_has_a_folder_and_the_sweep_one_table_and_one_picture(swept: Swept) -> None:
    assert {path.name for path in swept.folder.iterdir()} == {*"012345", "comparison.csv", "comparison.png"}
    assert (swept.folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    overrides = (swept.folder / "3" / ".hydra" / "overrides.yaml").read_text(encoding="utf-8")
    assert overrides == f"- {BASE}\n- trainer.solver=liblinear\n- trainer.l1_ratio=1\n"
    assert "mode: MULTIRUN" in (swept.folder / "3" / ".hydra" / "hydra.yaml").read_text(encoding="utf-8")


def test_a_job_is_scored_on_the_validation_set_only(swept: Swept) -> None:
    summary = swept.summary(0)
    assert (summary["status"], summary["pipeline"]) == ("succeeded", "training")
    assert summary["metrics"]["test"] is None
    assert set(summary["metrics"]["intervals"]) == set(summary["baseline"]["metrics"]) == {"validation"}
    assert summary["metrics"]["intervals"]["validation"]["roc_auc"]
    assert {summary[key] for key in ("model", "gate", "deployment", "monitoring")} == {None}


def test_the_jobs_are_ranked_best_first(swept: Swept) -> None:
    ranked = [float(row["roc_auc"]) for row in swept.rows[:5]]
    assert ranked == sorted(ranked, reverse=True)
    assert ranked[0] == swept.summary(int(swept.rows[0]["job"]))["metrics"]["validation"]["roc_auc"]


def test_jobs_share_what_does_not_depend_on_them(swept: Swept) -> None:
    for job in (2, 3, 4, 5):
        seconds = swept.summary(job)["seconds"]
        assert {step for step in seconds if seconds[step] == 0.0} == SHARED
    assert swept.result.err.count("note: columns:") == 1


def test_nothing_was_registered_or_deployed_and_the_test_set_was_not_accessed(swept: Swept, world: World) -> None:
    assert looks() == []
    assert Client().list_models().total == 0
    assert Client().list_deployments().total == 0
    assert {path.name for path in world.home.iterdir()} <= {"reports", "cache"}


@pytest.mark.untraced
def test_the_winners_command_reproduces_its_job(swept: Swept, world: World) -> None:
    best = swept.summary(int(swept.rows[0]["job"]))
    again = world.run(*swept.command, "pipeline=training")
    assert again.summary["metrics"]["validation"] == best["metrics"]["validation"]
    assert SHARED | {"train", "evaluate"} <= again.reused
    assert [look["step"] for look in looks()] == ["open_test_set"]


@pytest.mark.stacks
@pytest.mark.untraced
def test_jobs_of_one_process_do_not_touch_each_other(world: World) -> None:
    words = ("trainer=random_forest", "trainer.n_estimators=20")
    together = sweep(world, "together", *words, "seed=1,2,3")
    assert together.result.code == 0
    assert len({json.dumps(together.summary(job)["metrics"]) for job in range(3)}) == 3
    fresh = {"ZENML_CONFIG_PATH": "z", "ZENML_LOCAL_STORES_PATH": "s", "DRIVETRAIN_HOME": "h"}
    environment = {**os.environ, **{key: str(world.folder / "alone" / value) for key, value in fresh.items()}}
    command = [sys.executable, str(ROOT / "run.py"), "-m", BASE, *words, "seed=3", "hydra.sweep.dir=alone/out"]
    subprocess.run(command, cwd=world.folder, env=environment, capture_output=True, check=True)
    alone = json.loads((world.folder / "alone" / "out" / "0" / "summary.json").read_text(encoding="utf-8"))
    assert alone["metrics"] == together.summary(2)["metrics"]


def test_a_refused_job_is_reported_and_the_sweep_ends_with_3(world: World) -> None:
    refused = sweep(world, "refused", "data.checks.rows.min=10,100000")
    assert refused.result.code == 3
    assert [row["status"] for row in refused.rows] == ["succeeded", "refused"]
    assert "569 rows" in refused.rows[1]["error"]


@pytest.mark.untraced
def test_a_reused_training_shows_the_time_that_it_took(world: World) -> None:
    first, again = (sweep(world, name, "trainer.C=0.25,0.125") for name in ("timed", "timed_again"))
    took = {row["job"]: float(row["train_seconds"]) for row in first.rows}
    assert again.summary(0)["seconds"]["train"] == 0.0
    assert {row["job"]: float(row["train_seconds"]) for row in again.rows} == pytest.approx(took, abs=0.002)
    assert min(took.values()) > 0
    assert again.result.out.count(" (reused)\n") == 2


def test_without_a_single_success_there_is_no_picture(world: World) -> None:
    failed = sweep(world, "failed", "trainer.solver=lbfgs", "trainer.l1_ratio=1")
    assert failed.result.code == 1
    assert not (failed.folder / "comparison.png").exists()
    assert "nothing to compare" in failed.result.out


@pytest.mark.stacks
@pytest.mark.untraced
def test_a_stopped_sweep_shows_what_it_has(world: World) -> None:
    folder = world.folder / "stopped"
    words = ["trainer=random_forest", "trainer.n_estimators=10,3000,11"]
    command = [sys.executable, str(ROOT / "run.py"), "-m", BASE, *words, f"hydra.sweep.dir={folder}"]
    process = subprocess.Popen(
        command,
        cwd=world.folder,
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "fit_features" not in said.partition("job 1 (2 of 3): ")[2]:
        line = process.stderr.readline()
        assert line, f"ended with {process.wait()}: {said}"
        said += line
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    assert process.returncode == 130, said + rest
    assert "Traceback" not in rest
    stopped = Swept(Result(130, None, out, rest), folder)
    assert [row["status"] for row in stopped.rows] == ["succeeded", "failed"]
    assert stopped.summary(1)["error"] == "stopped by SIGINT"
    assert "1 job was not run" in out
    assert (folder / "comparison.csv").exists() and not (folder / "comparison.png").exists()
    assert not (folder / "2").exists()
