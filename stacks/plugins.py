"""The flavors that Drivetrain brings to ZenML: ours, and those that installed packages add."""

import hashlib
import json
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

from schemas.contract import contract_mismatch
from schemas.errors import ConfigurationError, Fault
from steps import installed

GROUP = "drivetrain.flavors"
OWN = "drivetrain"
_OURS = {
    "drivetrain_bentoml": "stacks.flavors.bentoml_deployer.BentoMLDeployerFlavor",
    "drivetrain_email": "stacks.flavors.email_alerter.EmailAlerterFlavor",
    "drivetrain_log": "stacks.flavors.log_alerter.LogAlerterFlavor",
    "drivetrain_ray": "stacks.flavors.ray_orchestrator.RayOrchestratorFlavor",
    "drivetrain_s3": "stacks.flavors.s3_artifact_store.S3ArtifactStoreFlavor",
    "drivetrain_webhook": "stacks.flavors.webhook_alerter.WebhookAlerterFlavor",
    "drivetrain_whylogs": "stacks.flavors.whylogs_data_validator.WhylogsDataValidatorFlavor",
}
_HEADING = "The stack cannot work"
_PROFILING = {"drivetrain_whylogs": "ml.monitoring.profiles"}
ZENML_BUILTIN = frozenset(
    {"azure", "datadog", "default", "docker", "dockerhub", "gcp", "github", "local", "local_docker", "otel"}
)
"""The flavors that ZenML has always: a plug-in's flavor of such a name would take the place of one in every stack."""


def flavor_sources() -> dict[str, str]:
    """Return every flavor by name with its import path, without importing any."""
    return {**{name: claims[0].value.replace(":", ".") for name, claims in _foreign().items()}, **_OURS}


def origin(flavor: str) -> str:
    """Return `drivetrain` for our own flavors, else `distribution version`."""
    return OWN if flavor in _OURS else installed.origins(_foreign().get(flavor, ()))


def profiling_source(flavor: str) -> tuple[str, str]:
    """Return the module that a data validator profiles with, and for an installed package's flavor its version."""
    if flavor in _PROFILING or flavor not in _foreign():
        return _PROFILING.get(flavor, ""), ""
    return _foreign()[flavor][0].module, origin(flavor)


def load_flavor(name: str) -> Any:
    """Return an instance of the flavor `name`.

    Raises:
        ConfigurationError: If an installed package's flavor was made for another version of the contract, does not
            import, is no flavor of that name, has no type or settings that can be read, or is claimed by two packages.
    """
    module, _, attribute = flavor_sources()[name].rpartition(".")
    if name in _OURS:
        return getattr(import_module(module), attribute)()
    claims = _foreign()[name]
    brought = whose(name)
    if len(claims) > 1:
        raise _refusal(f"the flavor {name!r} is claimed by {origin(name)}", "uninstall one, or have it renamed")
    mismatch = contract_mismatch(claims[0].dist)
    if mismatch:
        raise _refusal(f"{brought} {mismatch.message}", mismatch.hint)
    with blaming(name, "does not import"):
        flavor = getattr(import_module(module), attribute)()
    if not _is_flavor(flavor):
        raise _refusal(f"{brought} is not a subclass of ZenML's Flavor", "subclass ZenML's own base of its type")
    with blaming(name, "cannot be used"):
        called = flavor.name
        _ = flavor.type.value, flavor.config_class.model_fields, flavor.config_schema  # as whoever asks for it does
    if called != name:
        raise _refusal(f"{brought} calls itself {called!r}", "the entry point has the name that ZenML knows it by")
    return flavor


def broken_flavors() -> list[Fault]:
    """Import every foreign flavor and return a fault for each that does not work, or whose name is taken."""
    faults = []
    for entry in installed.entries(GROUP):
        if entry.name in _OURS or entry.name in ZENML_BUILTIN:
            whose = "our own names; ours" if entry.name in _OURS else "ZenML's own names; ZenML's"
            owner = installed.origin_of(entry.dist)
            faults.append(
                Fault("stack", f"{owner} registers the flavor {entry.name!r}, which is one of {whose} is used")
            )
    for name in _foreign():
        try:
            load_flavor(name)
        except ConfigurationError as error:
            faults += error.faults
    return faults


def schema_digest(schema: dict[str, Any]) -> str:
    """Return a short digest of a flavor's settings schema: it changes when the settings do."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]


def whose(name: str) -> str:
    """Return a flavor as messages name it, with the package that brings it unless that is ZenML."""
    return f"flavor {name!r} of {origin(name)}" if name in flavor_sources() else f"flavor {name!r}"


def blaming(name: str, what: str) -> AbstractContextManager[None]:
    """Tell whatever an installed package's flavor raises as a fault that names it; what ours raises is raised.

    Args:
        name: The flavor's.
        what: What was asked of it, as a verb: `does not import`.
    """
    return nullcontext() if name in _OURS else installed.blamed("stack", f"{whose(name)} {what}", _HEADING)


def _is_flavor(flavor: Any) -> bool:
    from zenml.stack.flavor import Flavor

    return isinstance(flavor, Flavor)


def _refusal(what: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError([Fault("stack", what, hint)], heading=_HEADING)


def _foreign() -> dict[str, tuple[EntryPoint, ...]]:
    """Return what plug-ins claim, by name; names of ours and of ZenML are left out."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in installed.entries(GROUP):
        if entry.name not in _OURS and entry.name not in ZENML_BUILTIN:
            found[entry.name] = (*found.get(entry.name, ()), entry)
    return found
