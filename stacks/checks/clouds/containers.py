"""Which orchestrators run steps in containers, which of them on other machines, and which no run can be given to."""

from schemas.errors import Fault, listed
from schemas.stack import StackSpec
from stacks.checks.clouds.declared import declared
from stacks.plugins import flavor_sources

_HERE = "local_docker"
CONTAINERS = {
    "azureml": "AzureML",
    "kubeflow": "Kubeflow",
    "kubernetes": "Kubernetes",
    _HERE: "Docker on this machine",
    "modal": "Modal",
    "sagemaker": "SageMaker",
    "tekton": "Tekton",
    "vertex": "Vertex",
    "vm_aws": "SkyPilot on AWS",
    "vm_azure": "SkyPilot on Azure",
    "vm_gcp": "SkyPilot on Google Cloud",
    "vm_kubernetes": "SkyPilot on Kubernetes",
    "vm_lambda": "SkyPilot on Lambda",
}
"""Flavors of orchestrators that run every step in a container of an image that ZenML builds, with names for people."""

_IN_PROCESSES = "local"
_DOES_NOT_WAIT = "starts steps and does not wait for them: the gate, and what follows it, would be looked for too early"
_REFUSED = {
    **dict.fromkeys(("airflow", "databricks", "hyperai", "ssh"), _DOES_NOT_WAIT),
    "lightning": "runs steps in no image of ours, and the packages that they need would not be there",
}
_UNKNOWN = "is no flavor of which is known how it runs steps: their packages, variables and data might not be there"


def runs_in_containers(spec: StackSpec) -> bool:
    """Say whether steps run in containers: what is of this machine's files, packages and variables is not there."""
    return spec.orchestrator.flavor in CONTAINERS


def runs_elsewhere(spec: StackSpec) -> bool:
    """Say whether steps run in containers on other machines."""
    place = declared(spec, "orchestrator")
    return runs_in_containers(spec) and place.flavor != _HERE and place.values.get("local") is not True


def needs_registry(spec: StackSpec) -> bool:
    """Say whether images go by way of a registry; Docker on this machine has those that were built here."""
    return runs_in_containers(spec) and spec.orchestrator.flavor != _HERE


def refused(spec: StackSpec) -> list[Fault]:
    """Return a fault where no run can be given to the orchestrator; one of a plug-in is taken to run steps itself."""
    flavor = spec.orchestrator.flavor
    if flavor in CONTAINERS or flavor == _IN_PROCESSES or flavor in flavor_sources():
        return []
    hint = f"{listed(sorted({_IN_PROCESSES, 'drivetrain_ray', *CONTAINERS}))}, or one of a plug-in: docs/extending.md"
    return [Fault("stack.orchestrator.flavor", f"{flavor!r} {_REFUSED.get(flavor, _UNKNOWN)}", hint)]
