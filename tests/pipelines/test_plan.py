"""A plan sees what a run would see: the journal and the source are asked with the variables of the stack."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from pipelines.plan import plan
from schemas.pipelines import CANDIDATE, StageSpec
from schemas.plan import Plan
from schemas.run import Run
from steps import registry
from tests.lifecycle.conftest import World, fresh_world
from tests.stacks.checks.filled import shipped

pytestmark = [pytest.mark.own_worker, pytest.mark.slow, pytest.mark.untraced]

SOURCE = """import os

from drivetrain import Source, Strict

class Params(Strict):
    pass

class Lake(Source):
    Params = Params
    label = "lake"

    def read(self): ...

    def fingerprint(self):
        return os.environ["LAKE_TOKEN"] or None
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from fresh_world(tmp_path_factory.mktemp("world"), prepared=False)


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A run on a stack that is there, whose source of a plug-in's shows itself to those with its token only."""
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[drivetrain.components]\nload.lake = acme_lake:Lake\n[drivetrain.contract]\n1.0 = acme_lake\n"
    )
    (tmp_path / "acme_lake.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("LAKE_TOKEN", raising=False)
    registry.clear_cache()
    words = ["+experiment=diabetes", "data.name=lake", "~data.dataset", "pipeline=training"]
    declared = load_run(compose(parse_arguments(words)))
    stack = shipped("local", {"environment": {"LAKE_TOKEN": {"env": "MY_TOKEN"}}})
    _apply(declared.model_copy(update={"stack": stack}))
    yield declared.model_copy(update={"stack": stack})
    registry.clear_cache()
    sys.modules.pop("acme_lake", None)


def _apply(run: Run) -> None:
    from stacks.session import zenml_session

    with zenml_session(lambda _record: None) as client:
        from stacks.apply import apply_stack

        apply_stack(client, run.stack, lambda _change: None)


def why(found: Plan) -> str:
    return next(step.why for step in found.steps if step.step == "load")


@pytest.mark.parametrize("stages", [None, [CANDIDATE]], ids=["run", "sweep"])
def test_a_plan_asks_the_source_with_the_variables_of_the_stack(
    stages: list[StageSpec] | None, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "of the lake")
    found = plan(run, stages)
    assert why(found) == "its code, parameters or inputs are new"
    assert found.missing == [] and "LAKE_TOKEN" not in os.environ


def test_where_a_variable_is_missing_the_plan_says_so_and_looks_no_step_up(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MY_TOKEN", raising=False)
    found = plan(run)
    assert {step.why for step in found.steps} == {"a variable of the stack is missing"}
    assert any("MY_TOKEN" in missing.what for missing in found.missing)
