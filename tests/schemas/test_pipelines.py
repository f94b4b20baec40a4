"""The record of every pipeline agrees with what the pipelines do."""

from importlib import import_module
from pathlib import Path

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from schemas.home import ROOT
from schemas.pipelines import CANDIDATE, PIPELINES, STEP_NAMES, WINDOWS, PipelineSpec, StageSpec
from schemas.stack import COMPONENT_TYPES

STAGES = [CANDIDATE, *{stage.name: stage for spec in PIPELINES.values() for stage in spec.stages}.values()]


@pytest.fixture(scope="module", autouse=True)
def source_root() -> None:
    """Tell ZenML where our source is: a worker of pytest has no main module that would."""
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(ROOT))


def attribute(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def test_every_pipeline_has_its_yaml_and_every_yaml_its_record() -> None:
    assert {path.stem for path in (ROOT / "conf" / "pipeline").glob("*.yaml")} == set(PIPELINES)


@pytest.mark.parametrize("spec", PIPELINES.values(), ids=PIPELINES)
def test_every_stage_of_a_pipeline_can_be_run(spec: PipelineSpec) -> None:
    assert all(callable(attribute(str(stage.run))) for stage in spec.stages)
    assert set(spec.components) <= set(COMPONENT_TYPES)


_FORECAST = """# @package _global_
defaults:
  - override /data: csv
  - override /split: origins
  - override /trainer: ridge
name: ledger
data: {path: sales.csv, target: sales, time: day, horizon: 3}
"""


@pytest.mark.untraced
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage.compiled], ids=lambda stage: stage.name)
@pytest.mark.parametrize("forecasts", [False, True])
def test_the_steps_of_a_compiled_pipeline_are_those_of_its_record(
    stage: StageSpec, forecasts: bool, tmp_path: Path
) -> None:
    from pipelines.execution.context import RunContext

    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "ledger.yaml").write_text(_FORECAST)
    declared = [f"--config-dir={tmp_path}", "+experiment=ledger"] if forecasts else ["+experiment=houses"]
    run = load_run(compose(parse_arguments(declared)))
    pipeline = attribute(str(stage.compiled)).copy()  # type: ignore[attr-defined]
    pipeline.prepare(run=run, now=RunContext(label="x", fingerprint="y", salt="z", production=None))
    steps = tuple(step for step in stage.steps if forecasts or step != WINDOWS)
    assert tuple(pipeline.invocations) == steps


def test_a_stack_declares_resources_for_the_steps_that_an_orchestrator_runs() -> None:
    assert not {"publish", "load_test"} & set(STEP_NAMES) and len(set(STEP_NAMES)) == len(STEP_NAMES)
    assert {"load", "train", "detect_drift", "explore", "predict_batch"} <= set(STEP_NAMES)


def test_a_pipeline_knows_whether_it_trains_and_deploys() -> None:
    facts = {name: (spec.trains, spec.deploys) for name, spec in PIPELINES.items()}
    assert facts == {
        "lifecycle": (True, True),
        "training": (True, False),
        "deployment": (False, True),
        "monitoring": (False, False),
        "retraining": (False, True),
        "explore": (False, False),
        "batch_inference": (False, False),
        "capacity": (False, False),
    }
