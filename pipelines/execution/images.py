"""What the images are made of in which steps run, and the variables that steps get there."""

from typing import Any

from schemas.stack import StackSpec
from stacks.checks.clouds.containers import runs_in_containers
from stacks.checks.requirements import client_packages
from stacks.packages import of_steps


def image_settings(spec: StackSpec) -> dict[str, Any]:
    """Return the settings by which ZenML builds images, empty for a stack whose steps run without.

    An image gets the packages of the environment that runs the command, version by version: steps run elsewhere as they
    do here. Their dependencies are among them, and may contradict each other where that environment had to choose.
    """
    if not runs_in_containers(spec):
        return {}
    from zenml.config import DockerSettings

    docker = DockerSettings(
        requirements=of_steps(client_packages(spec)),
        install_stack_requirements=False,
        python_package_installer_args={"no-deps": None},
    )
    return {"docker": docker}


def variables(spec: StackSpec) -> dict[str, str]:
    """Return the stack's variables that ZenML hands to steps in containers; secrets are refused of such a stack."""
    if not runs_in_containers(spec):
        return {}
    return {name: value for name, value in spec.environment.items() if isinstance(value, str)}
