"""What every orchestrator needs that runs steps in containers: images, a store that they reach, elsewhere a server."""

from schemas.errors import Fault
from schemas.secret import SecretRef
from schemas.stack import StackSpec
from stacks.checks.clouds.containers import CONTAINERS, needs_registry, runs_elsewhere, runs_in_containers
from stacks.checks.clouds.declared import declared

_SERVER = "zenml login https://SERVER; or ZENML_STORE_URL=https://SERVER and ZENML_STORE_API_KEY=KEY in the environment"


def faults(spec: StackSpec) -> list[Fault]:
    """Return what a stack lacks whose steps run in containers."""
    if not runs_in_containers(spec):
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
    if spec.container_registry is None and needs_registry(spec):
        what = f"is not declared: {who} runs each step in an image, which it must be able to pull"
        found.append(
            Fault("stack.container_registry", what, "declare its flavor (aws, gcp, default, …) and settings.uri")
        )
    uri = declared(spec, "container_registry").text("uri")
    if runs_elsewhere(spec) and uri and uri.startswith(("localhost", "127.")):
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
    path, elsewhere = declared(spec, "artifact_store").text("path"), runs_elsewhere(spec)
    if elsewhere and (spec.artifact_store.flavor == "local" or (path is not None and path.startswith(("/", "file:")))):
        what = f"is on this machine, and {who} runs steps elsewhere"
        found.append(Fault("stack.artifact_store", what, "an object store: flavor s3 or gcp, with settings.path"))
    if spec.journal is None or spec.journal.startswith("sqlite"):
        where = "elsewhere" if elsewhere else "in containers"
        what = f"journals are SQLite files on this machine, and {who} runs the steps that read them {where}"
        found.append(Fault("stack.journal", what, "stack.journal=postgresql+psycopg://USER@HOST/journal_{model}"))
    if declared(spec, "orchestrator").values.get("synchronous") is False:
        what = "is false: the gate, and what follows it, would be looked for before the steps have run"
        found.append(Fault("stack.orchestrator.settings.synchronous", what, "leave it out"))
    return found
