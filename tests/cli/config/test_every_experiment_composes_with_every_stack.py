"""Experiments declare what, stacks declare where: any pair works, and neither changes the other."""

from collections.abc import Callable

import pytest

from cli.config.repository import CONF
from schemas.run import Run

pytestmark = [pytest.mark.stacks, pytest.mark.untraced]


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@pytest.mark.parametrize("experiment", options("experiment"))
@pytest.mark.parametrize("stack", options("stack"))
def test_an_experiment_composes_with_a_stack(experiment: str, stack: str, load: Callable[..., Run]) -> None:
    run = load(f"+experiment={experiment}", f"stack={stack}")
    assert run.name == experiment
    assert run.stack.name == stack
    assert run.model_dump(exclude={"stack"}) == load(f"+experiment={experiment}").model_dump(exclude={"stack"})


@pytest.mark.parametrize("pipeline", options("pipeline"))
def test_every_pipeline_can_be_asked_for(pipeline: str, load: Callable[..., Run]) -> None:
    words = ["batch.input.path=new.csv", "batch.output.path=predictions.csv"] if pipeline == "batch_inference" else []
    assert load("+experiment=diabetes", f"pipeline={pipeline}", *words).pipeline == pipeline


@pytest.mark.parametrize("trainer", options("trainer"))
def test_every_trainer_works_with_an_experiment_of_its_task(trainer: str, load: Callable[..., Run]) -> None:
    others = {"ridge": "diabetes", "mean": "diabetes", "rules": "deliveries", "keras_forecast": "temperature"}
    others |= dict.fromkeys(("persistence", "seasonal_naive", "climatology"), "temperature")
    experiment = others.get(trainer, "breast_cancer")
    words = ["trainer.estimator=SVC"] if trainer == "sklearn" else []
    assert load(f"+experiment={experiment}", f"trainer={trainer}", *words).trainer.name == trainer
