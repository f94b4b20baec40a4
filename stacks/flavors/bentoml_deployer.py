"""The `drivetrain_bentoml` deployer: one background BentoML service a model name, published to without a restart.

The deployment that ZenML records refers to the one-step `deployment` pipeline, whose parameters name what to publish.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from pydantic import Field
from zenml.deployers import BaseDeployer, BaseDeployerConfig, BaseDeployerFlavor
from zenml.deployers.base_deployer import BaseDeployerSettings
from zenml.deployers.exceptions import DeploymentNotFoundError, DeploymentProvisionError
from zenml.enums import DeploymentStatus
from zenml.models import DeploymentOperationalState, DeploymentResponse

from schemas.errors import DrivetrainError
from schemas.publication import Publication
from serving.process import probe, records, services
from serving.process.deploy import deploy

STEP = "publish"
_LINES = 100


class BentoMLDeployerConfig(BaseDeployerConfig):
    """Settings of the deployer."""

    publish_timeout: float = Field(
        default=120.0, gt=0, description="seconds until every worker must have loaded a version"
    )

    @property
    def is_local(self) -> bool:
        """No step needs it: it works in the process of the command line, whatever runs the steps."""
        return False  # orchestrators of clouds refuse a stack with a component that is local


class BentoMLDeployer(BaseDeployer):
    """Starts, heals, publishes to and stops BentoML services on this machine."""

    @property
    def config(self) -> BentoMLDeployerConfig:
        """The deployer's settings."""
        return cast(BentoMLDeployerConfig, self._config)

    @property
    def settings_class(self) -> type[BaseDeployerSettings]:
        """ZenML's own settings of a deployment; ours stand in the experiment's `deploy` block."""
        return BaseDeployerSettings

    def do_provision_deployment(
        self,
        deployment: DeploymentResponse,
        stack: Any,
        environment: dict[str, str],
        secrets: dict[str, str],
        timeout: int,
    ) -> DeploymentOperationalState:
        """Make the service run and publish the version; on any failure the old version goes on."""
        wish = publication(deployment)
        try:
            url, _ = deploy(
                Path(wish.home),
                wish.model,
                wish.version,
                wish.package_url,
                wish.spec,
                journal_url=wish.journal_url,
                journal=wish.journal,
                timeout=self.config.publish_timeout,
            )
        except DrivetrainError as error:
            raise DeploymentProvisionError(str(error)) from error
        return DeploymentOperationalState(status=DeploymentStatus.RUNNING, url=url, metadata={"version": wish.version})

    def do_get_deployment_state(self, deployment: DeploymentResponse) -> DeploymentOperationalState:
        """Say whether the process behind the deployment lives and answers."""
        wish = publication(deployment)
        if records.read(Path(wish.home), wish.model) is None:
            return DeploymentOperationalState(status=DeploymentStatus.ABSENT)
        (service,) = services.status(Path(wish.home), wish.model)
        state = DeploymentStatus.RUNNING if service.ready else DeploymentStatus.ERROR
        return DeploymentOperationalState(status=state, url=service.deployment.url)

    def do_get_deployment_state_logs(
        self, deployment: DeploymentResponse, follow: bool = False, tail: int | None = None
    ) -> Generator[str, bool, None]:
        """Give the last lines of the service's log."""
        wish = publication(deployment)
        log = records.find(Path(wish.home), wish.model).log
        yield from probe.tail(log, tail or _LINES).splitlines()

    def do_deprovision_deployment(
        self, deployment: DeploymentResponse, timeout: int
    ) -> DeploymentOperationalState | None:
        """Stop the service; its journal and packages stay."""
        wish = publication(deployment)
        services.stop(Path(wish.home), wish.model)
        return None


def publication(deployment: DeploymentResponse) -> Publication:
    """Read what is to be published from the parameters of the deployment's one step."""
    if deployment.snapshot is None:
        raise DeploymentNotFoundError(f"deployment {deployment.name!r} has no snapshot to read its version from")
    parameters = deployment.snapshot.step_configurations[STEP].config.parameters
    return Publication.model_validate(parameters["publication"])


class BentoMLDeployerFlavor(BaseDeployerFlavor):
    """Services of BentoML as processes on this machine, which outlive the command."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_bentoml"

    @property
    def config_class(self) -> type[BentoMLDeployerConfig]:
        """The settings' class."""
        return BentoMLDeployerConfig

    @property
    def implementation_class(self) -> type[BentoMLDeployer]:
        """The deployer's class."""
        return BentoMLDeployer
