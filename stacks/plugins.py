"""The flavors that Drivetrain brings to ZenML: ours, and those that installed packages add."""

import hashlib
import json
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from schemas.contract import contract_mismatch
from schemas.errors import ConfigurationError, Fault

GROUP = "drivetrain.flavors"
_OURS = {
    "drivetrain_bentoml": "stacks.flavors.bentoml_deployer.BentoMLDeployerFlavor",
    "drivetrain_ray": "stacks.flavors.ray_orchestrator.RayOrchestratorFlavor",
    "drivetrain_whylogs": "stacks.flavors.whylogs_data_validator.WhylogsDataValidatorFlavor",
}
_PROFILING = {"drivetrain_whylogs": "ml.monitoring.profiles"}


def flavor_sources() -> dict[str, str]:
    """Return every flavor by name with its import path, without importing any."""
    foreign = {entry.name: entry.value.replace(":", ".") for entry in _foreign()}
    return {**foreign, **_OURS}


def profiling_source(flavor: str) -> tuple[str, str]:
    """Return the module that a data validator profiles with, and for an installed package's flavor its version."""
    entry = next((entry for entry in _foreign() if entry.name == flavor), None)
    if flavor in _PROFILING or entry is None:
        return _PROFILING.get(flavor, ""), ""
    return entry.module, f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown distribution"


def load_flavor(name: str) -> Any:
    """Return an instance of the flavor `name`.

    Raises:
        ConfigurationError: If an installed package's flavor was made for another version of the contract, or does not
            import.
    """
    module, _, attribute = flavor_sources()[name].rpartition(".")
    if name in _OURS:
        return getattr(import_module(module), attribute)()
    mismatch = contract_mismatch(next(entry.dist for entry in _foreign() if entry.name == name))
    if mismatch:
        fault = Fault("stack", f"flavor {name!r} of an installed package {mismatch.message}", mismatch.hint)
        raise ConfigurationError([fault], heading="The stack cannot work")
    try:
        return getattr(import_module(module), attribute)()
    except Exception as error:
        # Whatever a stranger's module does on import, the person must hear whose module it was.
        text = f"flavor {name!r} of an installed package does not import: {type(error).__name__}: {error}"
        raise ConfigurationError([Fault("stack", text)], heading="The stack cannot work") from error


def schema_digest(schema: dict[str, Any]) -> str:
    """Return a short digest of a flavor's settings schema: it changes when the settings do."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]


def _foreign() -> Iterator[EntryPoint]:
    yield from entry_points(group=GROUP)
