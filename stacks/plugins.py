"""The flavors that Drivetrain brings to ZenML: ours, and those that installed packages add."""

import hashlib
import json
from importlib.metadata import entry_points
from typing import Any

_OURS = {
    "drivetrain_bentoml": "stacks.flavors.bentoml_deployer.BentoMLDeployerFlavor",
    "drivetrain_whylogs": "stacks.flavors.whylogs_data_validator.WhylogsDataValidatorFlavor",
}


def flavor_sources() -> dict[str, str]:
    """Return every flavor by name with its import path, without importing any."""
    foreign = {entry.name: entry.value.replace(":", ".") for entry in entry_points(group="drivetrain.flavors")}
    return {**foreign, **_OURS}


def load_flavor(name: str) -> Any:
    """Return an instance of the flavor `name`."""
    module, _, attribute = flavor_sources()[name].rpartition(".")
    return getattr(__import__(module, fromlist=[attribute]), attribute)()


def schema_digest(schema: dict[str, Any]) -> str:
    """Return a short digest of a flavor's settings schema: it changes when the settings do."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]
