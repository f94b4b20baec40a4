"""Whether a service may listen at its address, which other machines may reach."""

from datetime import UTC, datetime
from pathlib import Path

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError, Fault
from serving.keys import store
from serving.process import address, records

_PATH = "deploy.host"
_OURS = "0.0.0.0 is every one that it has, 127.0.0.1 this machine alone"


def faults(home: Path, name: str, spec: DeploySpec) -> list[Fault]:
    """Return what keeps the service from its address.

    It is none of this machine, or other machines would reach the service, which would ask for no key.
    """
    if not spec.is_exposed:
        return []
    absent = [] if address.is_ours(spec.host) else [Fault(_PATH, f"{spec.host} is no address of this machine", _OURS)]
    return absent if spec.open else [*absent, *_without_key(home, name, spec)]


def _without_key(home: Path, name: str, spec: DeploySpec) -> list[Fault]:
    try:
        keys = store.read(records.keys_path(home, name))
    except DeploymentError as error:
        return [Fault(_PATH, str(error), "mend it, or remove it and make new keys")]
    now = datetime.now(UTC)
    if any(key.state(now) == "valid" for key in keys):
        return []
    lacks = f"all {len(keys)} keys of {name} are revoked or expired" if keys else f"{name} has no keys"
    return [
        Fault(
            _PATH,
            f"other machines reach {spec.host}, and {lacks}",
            f"make one: python -m serving key add {name}; or, where a proxy asks who they are, say deploy.open=true; "
            "127.0.0.1 is this machine alone",
        )
    ]
