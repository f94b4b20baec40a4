"""An orchestrator runs steps in processes of this environment, in containers that are provided for, or not at all."""

from typing import Any

import pytest

from pipelines.execution.images import image_settings, variables
from pipelines.execution.stack_needs import unreached
from schemas.stack import StackSpec
from stacks.checks.clouds import containers
from tests.pipelines.test_stack_needs import load
from tests.stacks.checks.filled import JOURNAL, filled, flavors, shipped, wrong

ENVIRONMENT = {"LEVEL": "debug", "TOKEN": {"env": "ACME_TOKEN"}}
ELSEWHERE = ["azureml", "kubeflow", "kubernetes", "modal", "sagemaker", "tekton", "vertex", "vm_azure", "vm_kubernetes"]


def on(flavor: str, **settings: Any) -> StackSpec:
    """A stack that works with `local`, on another orchestrator."""
    orchestrator = {"flavor": flavor, "settings": settings}
    return shipped("local", {"orchestrator": orchestrator, "environment": ENVIRONMENT})


def test_of_every_flavor_of_zenmls_is_said_how_it_runs_steps() -> None:
    for flavor in flavors().list_flavors(type="orchestrator").items:
        said = [flavor.name == "local", flavor.name in containers.CONTAINERS, bool(containers.refused(on(flavor.name)))]
        assert sum(said) == 1, flavor.name


@pytest.mark.parametrize("flavor", ELSEWHERE)
def test_steps_in_containers_elsewhere_are_provided_for(flavor: str) -> None:
    spec = on(flavor)
    expected = {"container_registry", "image_builder", "artifact_store", "journal", "environment.TOKEN", "orchestrator"}
    assert {f"stack.{name}" for name in expected} <= set(wrong(spec, sqlite=True))
    assert variables(spec) == {"LEVEL": "debug"}
    assert image_settings(spec)["docker"].requirements


@pytest.mark.parametrize("spec", [on("local_docker"), on("kubernetes", local=True, kubernetes_context="k3d")])
def test_containers_of_this_machine_see_the_store_and_nothing_else_of_it(spec: StackSpec) -> None:
    found = set(wrong(spec, sqlite=True))
    registry = {"stack.container_registry"} if spec.orchestrator.flavor == "kubernetes" else set()
    assert found == {"stack.image_builder", "stack.journal", "stack.environment.TOKEN"} | registry
    assert variables(spec) == {"LEVEL": "debug"}
    assert image_settings(spec)["docker"].requirements
    (fault,) = unreached(load("+experiment=houses").model_copy(update={"stack": spec}))
    assert fault.path == "data.path" and fault.message.endswith("reads them in containers")


def test_a_stack_on_docker_of_this_machine_may_work() -> None:
    spec = shipped(
        "local", {"orchestrator.flavor": "local_docker", "image_builder.flavor": "local", "journal": JOURNAL}
    )
    assert wrong(spec, sqlite=True) == {}
    registry = {"orchestrator.settings.local": True, "container_registry.settings.uri": "localhost:5000"}
    assert wrong(filled("kubernetes", registry), sqlite=True) == {}


@pytest.mark.parametrize(
    ("flavor", "why"), [("airflow", "does not wait"), ("ssh", "does not wait"), ("lightning", "in no image of ours")]
)
def test_what_no_run_can_be_given_to_is_refused(flavor: str, why: str) -> None:
    fault = wrong(on(flavor))["stack.orchestrator.flavor"]
    assert why in fault.message and "drivetrain_ray" in fault.hint


def test_a_flavor_that_nobody_knows_is_told_as_such() -> None:
    assert "Did you mean 'kubeflow'?" in wrong(on("kubeflo"))["stack.orchestrator.flavor"].message
    (fault,) = containers.refused(on("acme"))  # registered with ZenML by hand
    assert "of which is known how it runs steps" in fault.message


def test_an_orchestrator_of_a_plugin_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "flavor_sources", lambda: {"acme": "acme.orchestrator.Flavor"})
    spec = on("acme")
    assert containers.refused(spec) == [] and not containers.runs_in_containers(spec)
    assert image_settings(spec) == {}
