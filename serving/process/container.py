"""What a service in a container needs of those who run it: the environment alone, for compose and for Kubernetes."""

from collections.abc import Iterator
from typing import NamedTuple

from serving.process.records import Deployment
from serving.process.variables import CACHE, JOURNAL_URL, KEYS, changed

PORT = 3000
"""Of BentoML's images."""
DATA, KEYS_FOLDER = "/data", "/keys"
"""Folders of the container: what is written, and the file of the keys."""


class Setting(NamedTuple):
    """One variable of the environment; whoever runs the container gives its value where `value` is None.

    Args:
        name: Its name.
        value: Its text.
        about: What has to be given.
        is_optional: Whether nothing may be given.
    """

    name: str
    value: str | None
    about: str = ""
    is_optional: bool = False


def environment(deployment: Deployment, *, has_keys: bool, journal_url: str | None = None) -> list[Setting]:
    """Return the environment of a service in a container, each variable once.

    Args:
        deployment: What is deployed.
        has_keys: Whether the file of the keys is there.
        journal_url: The journal's URL in the container; None: the operator gives it.
    """
    named = {one.name: one for one in _settings(deployment, has_keys, journal_url)}
    return list(named.values())


def secrets(deployment: Deployment) -> list[str]:
    """Return the names of the variables with the secrets of lookups."""
    return sorted({str(one.env) for lookup in deployment.spec.lookups for one in lookup.secrets})


def _settings(deployment: Deployment, has_keys: bool, journal_url: str | None) -> Iterator[Setting]:
    spec = deployment.spec
    yield Setting(JOURNAL_URL, journal_url, "the URL of the journal")
    yield Setting(CACHE, f"{DATA}/packages")
    yield Setting("BENTOML_HOME", "/tmp/bentoml")
    yield Setting("HOME", "/tmp")
    if spec.workers > 1:
        yield Setting("BENTOML_CONFIG_OPTIONS", f"services.drivetrain.workers={spec.workers}")
    if has_keys:
        yield Setting(KEYS, f"{KEYS_FOLDER}/keys.json")
    for name in secrets(deployment):
        yield Setting(name, None, "a secret of deploy.lookups")
    if spec.telemetry:  # who asks the collector, and where it is, are the host's affair
        yield Setting("OTEL_EXPORTER_OTLP_ENDPOINT", None, "the URL of the collector")
        yield Setting("OTEL_EXPORTER_OTLP_HEADERS", None, is_optional=True)
    for name, text in changed(spec, deployment.journal):
        yield Setting(name, text)
