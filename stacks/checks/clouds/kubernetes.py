"""What a Kubernetes cluster, or ZenML's way to it, would refuse."""

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, SUBDOMAIN
from schemas.stack import StackSpec
from stacks.checks.clouds.declared import Declared, declared
from stacks.checks.clouds.pods import pod_faults

_RFC = "lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit"
_REGISTRY = r"(?:https?://)?[a-z0-9]([a-z0-9.\-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._/\-]+[a-z0-9]+)*)?/?"


def faults(spec: StackSpec) -> list[Fault]:
    """Return what a cluster would refuse of a stack's components."""
    found: list[Fault] = []
    orchestrator = declared(spec, "orchestrator")
    if orchestrator.flavor == "kubernetes":
        found += _orchestrator(spec, orchestrator)
    if orchestrator.flavor in ("kubernetes", "vertex"):
        found += pod_faults(orchestrator.inside("pod_settings"))
    if orchestrator.flavor == "kubernetes":
        found += pod_faults(orchestrator.inside("orchestrator_pod_settings"))
    builder = declared(spec, "image_builder")
    if builder.flavor == "kaniko":
        found += builder.required("kubernetes_context", "NAME") + _namespace(builder)
    registry = declared(spec, "container_registry")
    if registry.flavor in ("default", "dockerhub", "github", "azure"):
        found += registry.required("uri", "registry.example.org/team") + _registry(registry)
    return found


def _orchestrator(spec: StackSpec, place: Declared) -> list[Fault]:
    part = spec.orchestrator
    context, inside = place.text("kubernetes_context"), place.values.get("incluster") is True
    found: list[Fault] = []
    if context is None and not inside and part.connector is None:
        hint = f"for example {place.at('kubernetes_context')}=NAME (kubectl config get-contexts); or a connector"
        found.append(place.fault("kubernetes_context", "is not declared: which cluster?", hint))
    if context is not None and inside:
        found.append(
            place.fault("incluster", "is true, and kubernetes_context names a cluster too", "declare one of them")
        )
    found += _namespace(place)
    for name in ("service_account_name", "step_pod_service_account_name"):
        found += place.matching(name, SUBDOMAIN, "name of a service account", _RFC)
    return found + place.matching("job_name_prefix", LABEL, "beginning of a job's name", _RFC)


def _namespace(place: Declared) -> list[Fault]:
    return place.matching("kubernetes_namespace", LABEL, "name of a namespace", _RFC)


def _registry(place: Declared) -> list[Fault]:
    found = place.matching("uri", _REGISTRY, "address of a registry", "HOST[:PORT][/PATH], in lower case")
    port = (place.text("uri") or "").removeprefix("https://").removeprefix("http://").split("/")[0].partition(":")[2]
    if not found and port and not 1 <= int(port) <= 65535:
        found.append(place.fault("uri", f"{port} is no port", "1 to 65535"))
    return found
