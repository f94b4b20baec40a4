"""What every orchestrator needs that runs steps in containers elsewhere: images, a store that they reach, a server."""

from schemas.errors import Fault
from schemas.secret import SecretRef
from schemas.stack import StackSpec
from stacks.checks.clouds.declared import declared

CONTAINERS = {
    "kubernetes": "Kubernetes",
    "sagemaker": "SageMaker",
    "vertex": "Vertex",
    "vm_aws": "SkyPilot on AWS",
    "vm_azure": "SkyPilot on Azure",
    "vm_gcp": "SkyPilot on Google Cloud",
    "vm_kubernetes": "SkyPilot on Kubernetes",
    "vm_lambda": "SkyPilot on Lambda",
}
"""Flavors of orchestrators that run every step in a container on another machine, with their names for people."""

_SERVER = "zenml login https://SERVER; or ZENML_STORE_URL=https://SERVER and ZENML_STORE_API_KEY=KEY in the environment"


def runs_elsewhere(spec: StackSpec) -> bool:
    """Say whether steps run in containers on other machines."""
    place = declared(spec, "orchestrator")
    return place.flavor in CONTAINERS and place.values.get("local") is not True


def faults(spec: StackSpec) -> list[Fault]:
    """Return what a stack lacks whose steps run in containers elsewhere."""
    if not runs_elsewhere(spec):
        return []
    who = CONTAINERS[spec.orchestrator.flavor]
    return _images(spec, who) + _reached(spec, who) + _secrets(spec, who)


def store_faults(spec: StackSpec, sqlite: bool) -> list[Fault]:
    """Return a fault where a stack needs a ZenML server, as one does whose steps run elsewhere.

    Args:
        spec: The stack.
        sqlite: Whether ZenML's store is a SQLite file on this machine.
    """
    if not sqlite:
        return []
    if runs_elsewhere(spec):
        who = CONTAINERS[spec.orchestrator.flavor]
        what = f"{who} runs steps elsewhere, and ZenML's store is a SQLite file on this machine"
        return [Fault("stack.orchestrator", what, _SERVER)]
    if spec.store == "server":
        return [Fault("stack.store", "is a server, and ZenML's store is a SQLite file on this machine", _SERVER)]
    return []


def _secrets(spec: StackSpec, who: str) -> list[Fault]:
    """Texts stand in ZenML's record of the run, by which containers get them; a secret must not."""
    hint = "Kubernetes: pod_settings.env_from of a secret; a cloud: rights of the role; or leave it out"
    return [
        Fault(f"stack.environment.{name}", f"{who} is handed no secret: it would stand in ZenML's record", hint)
        for name, value in spec.environment.items()
        if isinstance(value, SecretRef)
    ]


def _images(spec: StackSpec, who: str) -> list[Fault]:
    found: list[Fault] = []
    if spec.container_registry is None:
        what = f"is not declared: {who} runs each step in an image, which it must be able to pull"
        found.append(
            Fault("stack.container_registry", what, "declare its flavor (aws, gcp, default, …) and settings.uri")
        )
    elif (uri := declared(spec, "container_registry").text("uri")) and uri.startswith(("localhost", "127.")):
        found.append(
            Fault("stack.container_registry.settings.uri", f"{uri!r} is this machine, which {who} does not reach")
        )
    if spec.image_builder is None:
        what = f"is not declared: {who} runs each step in an image, which must be built"
        found.append(
            Fault("stack.image_builder", what, "for example stack.image_builder.flavor=local, which needs Docker")
        )
    return found


def _reached(spec: StackSpec, who: str) -> list[Fault]:
    found: list[Fault] = []
    path = declared(spec, "artifact_store").text("path")
    if spec.artifact_store.flavor == "local" or (path is not None and path.startswith(("/", "file:"))):
        what = f"is on this machine, and {who} runs steps elsewhere"
        found.append(Fault("stack.artifact_store", what, "an object store: flavor s3 or gcp, with settings.path"))
    if spec.journal is None or spec.journal.startswith("sqlite"):
        what = f"journals are SQLite files on this machine, and {who} runs the steps that read them elsewhere"
        found.append(Fault("stack.journal", what, "stack.journal=postgresql+psycopg://USER@HOST/journal_{model}"))
    if declared(spec, "orchestrator").values.get("synchronous") is False:
        what = "is false: the gate, and what follows it, would be looked for before the steps have run"
        found.append(Fault("stack.orchestrator.settings.synchronous", what, "leave it out"))
    return found
