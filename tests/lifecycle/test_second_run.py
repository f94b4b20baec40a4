"""Reruns: nothing changed, a parameter, another trainer, a killed service, a refusal."""

import os
import signal

import pytest

from tests.lifecycle.conftest import Result, World, ask
from tests.serving.processes import supervisor

TRAINING = {
    *("load", "infer_schema", "split", "validate_data", "fit_features", "train", "train_baseline", "evaluate"),
    *("open_test_set", "profile"),
}
ALWAYS = {"data_gate", "gate", "register"}
MAYBE = {"package"}  # it holds the verdict, which names the version in production


def pid(world: World, name: str = "breast_cancer") -> int:
    return supervisor(world.home, name)


@pytest.mark.untraced
def test_a_rerun_with_nothing_changed_reuses_every_step_that_may_be_reused(first: Result, world: World) -> None:
    before = pid(world)
    again = world.run("+experiment=breast_cancer")
    assert again.code == 0
    assert again.reused - MAYBE == TRAINING
    assert again.ran - MAYBE == ALWAYS
    assert again.summary["metrics"] == first.summary["metrics"]
    assert again.summary["deployment"]["url"] == first.summary["deployment"]["url"]
    assert pid(world) == before, "a living service is published to, not restarted"


def test_the_plan_says_what_is_then_done(first: Result, world: World) -> None:
    parsed = world.home / "cache" / "source_code.json"
    parsed.unlink()
    before = sorted(world.home.rglob("*"))
    plan = world.run("+experiment=breast_cancer", "action=plan")
    assert (plan.code, plan.summary) == (0, None)
    assert sorted(world.home.rglob("*")) == before, "it writes nothing"
    reused = {
        line.split("training.")[1].split(" ")[0].rstrip(":") for line in plan.out.splitlines() if " reuse " in line
    }
    assert reused == TRAINING


@pytest.mark.untraced
def test_a_changed_parameter_reruns_training_and_not_the_data(first: Result, world: World) -> None:
    changed = world.run("+experiment=breast_cancer", "trainer.C=0.7", "pipeline=training")
    assert changed.code in (0, 3)
    assert {"load", "infer_schema", "split", "validate_data", "fit_features", "train_baseline"} <= changed.reused
    assert {"train", "evaluate", "open_test_set"} <= changed.ran


@pytest.mark.untraced
def test_another_trainer_drops_the_experiments_block_and_says_so(first: Result, world: World) -> None:
    other = world.run("+experiment=breast_cancer", "trainer=random_forest", "pipeline=training")
    assert other.code in (0, 3)
    assert "trainer.max_iter" in other.err
    assert other.summary["gate"]["checks"]


@pytest.mark.untraced
def test_a_killed_service_is_healed_on_its_port(first: Result, world: World) -> None:
    before = pid(world)
    os.killpg(os.getpgid(before), signal.SIGKILL)
    healed = world.run("+experiment=breast_cancer")
    assert healed.code == 0
    assert healed.summary["deployment"]["url"] == first.summary["deployment"]["url"]
    assert pid(world) != before
    newest = healed.summary["model"]["version"]
    assert ask(healed.summary["deployment"]["url"], "/releases")[0]["version"] == newest


@pytest.mark.untraced
def test_the_gate_refuses_a_baseline_and_production_goes_on(first: Result, world: World) -> None:
    url = first.summary["deployment"]["url"]
    before = ask(url, "/releases")[0]["version"]
    refused = world.run("+experiment=breast_cancer", "trainer=majority")
    assert refused.code == 3
    assert refused.summary["status"] == "refused"
    assert refused.summary["deployment"] is None
    failed = {check["name"] for check in refused.summary["gate"]["checks"] if not check["passed"]}
    assert {"min.roc_auc", "beat_baseline", "no_worse_than_production"} == failed
    assert refused.summary["model"]["stage"] is None, "the version stays registered, unpromoted"
    assert ask(url, "/releases")[0]["version"] == before


def test_deploying_again_takes_the_newest_version_that_passed(first: Result, world: World) -> None:
    deployed = world.run("+experiment=breast_cancer", "pipeline=deployment")
    assert deployed.code == 0
    assert deployed.summary["metrics"] is None
    assert deployed.summary["deployment"]["releases"][0]["version"] == deployed.summary["model"]["version"]
