"""What ZenML sees of a deployed service, through the deployer flavor alone."""

import urllib.error
from pathlib import Path

import pytest
from zenml.client import Client
from zenml.deployers import BaseDeployer
from zenml.enums import DeploymentStatus
from zenml.models import DeploymentResponse

from serving.process import records, services
from stacks.flavors.bentoml_deployer import BentoMLDeployer
from tests.lifecycle.conftest import Result, World, ask
from tests.serving.processes import family

NAME = "breast_cancer"


@pytest.fixture
def known(first: Result) -> DeploymentResponse:
    """The deployment as ZenML has it."""
    return Client().get_deployment(NAME)


@pytest.fixture
def deployer(known: DeploymentResponse) -> BaseDeployer:
    """The stack's deployer, made from what ZenML recorded of it."""
    assert known.deployer is not None
    made = BaseDeployer.from_model(known.deployer)
    assert isinstance(made, BaseDeployer)
    return made


@pytest.mark.untraced
def test_zenml_lists_the_deployment_as_running_under_the_services_url(first: Result, known: DeploymentResponse) -> None:
    assert (known.status, known.url) == (DeploymentStatus.RUNNING, first.summary["deployment"]["url"])
    assert known.deployer is not None and known.deployer.flavor_name == "drivetrain_bentoml"


def test_the_deployer_finds_the_service_alive_and_reads_its_log(
    first: Result, known: DeploymentResponse, deployer: BaseDeployer
) -> None:
    assert isinstance(deployer, BentoMLDeployer)
    state = deployer.do_get_deployment_state(known)
    assert (state.status, state.url) == (DeploymentStatus.RUNNING, first.summary["deployment"]["url"])
    log = list(deployer.do_get_deployment_state_logs(known, tail=1000))
    assert any("is current" in line for line in log)
    assert list(deployer.do_get_deployment_state_logs(known, tail=2)) == log[-2:]


@pytest.mark.untraced
def test_a_service_that_was_deprovisioned_is_absent_and_the_next_deployment_brings_it_back_on_its_port(
    first: Result, world: World, known: DeploymentResponse, deployer: BaseDeployer
) -> None:
    url, before = first.summary["deployment"]["url"], services.status(world.home, NAME)[0].deployment
    serving, journal = ask(url, "/releases")[0]["version"], Path(before.journal_url.removeprefix("sqlite:///"))
    assert deployer.do_deprovision_deployment(known, timeout=10) is None
    try:
        assert deployer.do_get_deployment_state(known).status == DeploymentStatus.ABSENT
        assert family(world.home, NAME) == [] and NAME not in records.names(world.home)
        with pytest.raises(urllib.error.URLError):
            ask(url, "/livez")
        assert journal.exists(), "what was predicted is kept"
    finally:
        again = world.run(f"+experiment={NAME}", "pipeline=deployment")
    assert (again.code, again.summary["deployment"]["url"]) == (0, url)
    assert services.status(world.home, NAME)[0].ready
    assert ask(url, "/releases")[0]["version"] == again.summary["model"]["version"] == serving
    assert Client().get_deployment(NAME).status == DeploymentStatus.RUNNING
