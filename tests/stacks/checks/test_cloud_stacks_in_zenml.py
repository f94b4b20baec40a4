"""Each shipped stack of a cloud is planned without a store, taken by ZenML, and refused here before anything starts."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from cli.config.repository import CONF
from pipelines.plan import plan
from stacks.apply import apply_stack
from stacks.session import zenml_session
from tests.lifecycle.conftest import World, fresh_world
from tests.stacks.checks.filled import DECLARED, filled, shipped

pytestmark = [pytest.mark.stacks, pytest.mark.slow, pytest.mark.own_worker, pytest.mark.untraced]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from fresh_world(tmp_path_factory.mktemp("clouds"), prepared=False)


def test_it_is_planned_where_zenml_was_never_used(fresh: World) -> None:
    for name in DECLARED:
        done = fresh.run("+experiment=breast_cancer", f"stack={name}", "action=plan")
        assert done.code == 0, done.err
        assert f"create stack drivetrain-{name}" in done.out
        assert "stack.artifact_store.settings.path: is not declared" in done.out
        assert "stack.journal: journals are SQLite files on this machine" in done.out
        assert "not installed: " in done.out
        assert "zenml login" in done.out
    assert not (fresh.folder / "zenml").exists()
    assert not fresh.home.joinpath("journals").exists()


def test_every_experiment_is_planned_on_every_stack_and_misses_the_same_but_for_files_of_this_machine(
    fresh: World,
) -> None:
    words = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
    runs = [load_run(compose(parse_arguments([f"+experiment={word}"]))) for word in words]
    with contextlib.chdir(fresh.folder):
        for name in DECLARED:
            spec = shipped(name)
            plans = {run.name: plan(run.model_copy(update={"stack": spec})).missing for run in runs}
            ours = {model for model, found in plans.items() if any(one.what.startswith("data.") for one in found)}
            assert ours == {run.name for run in runs if run.data.source.name != "sklearn_dataset"}
            same = {str([one for one in found if not one.what.startswith("data.")]) for found in plans.values()}
            assert len(same) == 1, name
            assert "is not declared" in same.pop()
    assert not (fresh.folder / "zenml").exists()


def test_the_plan_names_a_mistake_in_the_settings(fresh: World) -> None:
    words = ["stack.orchestrator.settings.execution_role=banana", "stack.orchestrator.settings.banana=1"]
    done = fresh.run("+experiment=breast_cancer", "stack=sagemaker", "action=plan", *words)
    assert "stack.orchestrator.settings.execution_role: 'banana' is no ARN of an IAM role" in done.out
    assert "stack.orchestrator.settings.banana: flavor 'sagemaker' has no such setting" in done.out


def test_zenml_takes_each_as_a_team_completes_it(fresh: World) -> None:
    with zenml_session(lambda _record: None) as client:
        active = client.active_stack_model.id
        for name in DECLARED:
            spec = filled(name)
            made = apply_stack(client, spec, lambda _change: None)
            parts = {kind.value: found[0].flavor_name for kind, found in made.components.items()}
            assert parts == {kind: part.flavor for kind, part in spec.components.items()}
            assert spec.deployer is not None
        assert client.active_stack_model.id == active


def test_zenml_finds_none_of_our_components_local(fresh: World) -> None:
    """SageMaker's and SkyPilot's orchestrators refuse a stack with a component that is."""
    with zenml_session(lambda _record: None) as client:
        from zenml.stack import Flavor

        for name in DECLARED:
            for kind, part in filled(name).components.items():
                (found,) = client.list_flavors(name=part.flavor, type=kind, hydrate=True).items
                config: Any = Flavor.from_model(found).config_class
                given = {key: value for key, value in part.settings.items() if value is not None}
                assert not config(**given).is_local, (name, kind)


@pytest.mark.parametrize("name", DECLARED)
def test_a_run_ends_with_all_that_is_missing_and_starts_nothing(name: str, fresh: World) -> None:
    done = fresh.run("+experiment=breast_cancer", f"stack={name}")
    assert done.code == 2
    assert done.summary is None
    assert f"Stack '{name}' cannot work, " in done.err
    assert "stack.artifact_store.settings.path: is not declared" in done.err
    assert "not installed: " in done.err
    with zenml_session(lambda _record: None) as client:
        assert client.list_pipeline_runs().total == 0
