"""Whether a cloud would know who asks; nothing is sent, and no secret is read.

A service connector, or credentials in a component's settings, are ZenML's to check when it uses them.
"""

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.errors import did_you_mean, listed
from schemas.plan import Missing
from schemas.stack import ComponentSpec, StackSpec
from stacks.checks.clouds.declared import declared

_MACHINE = Path("/sys/class/dmi/id")
_AWS = {("orchestrator", "sagemaker"), ("orchestrator", "vm_aws"), ("artifact_store", "s3"), ("image_builder", "aws")}
_GCP = {("orchestrator", "vertex"), ("orchestrator", "vm_gcp"), ("artifact_store", "gcp"), ("image_builder", "gcp")}
_OWN = ("key", "aws_access_key_id", "aws_profile", "authentication_secret", "service_account_path", "api_key")
"""Settings by which a component brings its own credentials."""


def missing(spec: StackSpec) -> list[Missing]:
    """Return the credentials that a stack needs and that are nowhere to be found here."""
    found: list[Missing] = []
    if _uses(spec, _AWS) and not _aws():
        found.append(
            Missing(what="no credentials for AWS: neither in the environment nor in ~/.aws", command="aws configure")
        )
    if _uses(spec, _GCP) and not _gcp():
        what = "no credentials for Google Cloud: GOOGLE_APPLICATION_CREDENTIALS names no file, and nobody is logged in"
        found.append(Missing(what=what, command="gcloud auth application-default login"))
    if _uses(spec, {("orchestrator", "vm_lambda")}) and not _lambda():
        what = "no credentials for Lambda: ~/.lambda_cloud/lambda_keys is not there"
        command = 'mkdir -p ~/.lambda_cloud && echo "api_key = KEY" > ~/.lambda_cloud/lambda_keys'
        found.append(Missing(what=what, command=command))
    return found + _cluster(spec) + _docker(spec)


def _uses(spec: StackSpec, components: set[tuple[str, str]]) -> bool:
    """Say whether a component is among those, and brings no credentials of its own."""
    return any(
        (kind, part.flavor) in components and part.connector is None and not _brings_its_own(part)
        for kind, part in spec.components.items()
    )


def _brings_its_own(part: ComponentSpec) -> bool:
    return any(part.settings.get(name) is not None for name in _OWN)


def _runs_on(file: str, word: str) -> bool:
    """Say whether this machine is one of a cloud, which tells it who it is by the network."""
    try:
        return word in (_MACHINE / file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _aws() -> bool:
    home = Path.home() / ".aws"
    files = (
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"),
        Path(os.environ.get("AWS_CONFIG_FILE") or home / "config"),
    )
    names = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    return (
        any(os.environ.get(name) for name in (*names, "AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        or any(file.is_file() for file in files)
        or _runs_on("board_vendor", "Amazon EC2")
    )


def _gcp() -> bool:
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    folder = Path(os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
    file = Path(named) if named else folder / "application_default_credentials.json"
    return file.is_file() or (not named and _runs_on("product_name", "Google Compute Engine"))


def _lambda() -> bool:
    return (Path.home() / ".lambda_cloud" / "lambda_keys").is_file()


def _cluster(spec: StackSpec) -> list[Missing]:
    """Look for the contexts that are named in the kubeconfig of whoever runs the command."""
    wanted = [
        (place.at("kubernetes_context"), name)
        for kind in ("orchestrator", "image_builder")
        if (place := declared(spec, kind)).flavor in ("kubernetes", "kaniko")
        and (name := place.text("kubernetes_context")) is not None
    ]
    if not wanted:
        return []
    files = [
        Path(name).expanduser() for name in (os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep) if name
    ]
    there = [file for file in files if file.is_file()]
    if not there:
        return [
            Missing(what=f"no kubeconfig: {listed([str(file) for file in files])} is not there", command=_KUBECONFIG)
        ]
    contexts = {file: _contexts(file) for file in there}
    torn = [str(file) for file, names in contexts.items() if names is None]
    known = [name for names in contexts.values() for name in names or ()]
    found = [Missing(what=f"{file} is no kubeconfig: kubectl could not read it", command=_VIEW) for file in torn]
    return found + [
        Missing(what=f"{path}: the kubeconfig has no context {name!r}.{did_you_mean(name, known)}", command=_CONTEXTS)
        for path, name in wanted
        if name not in known
    ]


_KUBECONFIG = (
    "aws eks update-kubeconfig --name CLUSTER; gcloud container clusters get-credentials CLUSTER; or KUBECONFIG=FILE"
)
_CONTEXTS = "kubectl config get-contexts"
_VIEW = "kubectl config view"


def _contexts(file: Path) -> list[str] | None:
    """Return the names of a kubeconfig's contexts, None where the file is none."""
    import yaml

    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):  # ValueError: text of other bytes, a date in no month
        return None
    if content is None:  # kubectl takes an empty file
        return []
    if not isinstance(content, dict) or not isinstance(contexts := content.get("contexts"), list | None):
        return None
    return [each["name"] for each in contexts or [] if isinstance(each, dict) and isinstance(each.get("name"), str)]


def _docker(spec: StackSpec) -> list[Missing]:
    """A local image builder needs the daemon, not only the program."""
    if spec.image_builder is None or spec.image_builder.flavor != "local" or _daemon_answers():
        return []
    what = "no Docker daemon answers on this machine, and stack.image_builder is 'local'"
    return [Missing(what=what, command="start Docker (docker info), or choose another stack.image_builder.flavor")]


def _daemon_answers() -> bool:
    try:
        host = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
        if host.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(1)
                channel.connect(host.path)
            return True
        if host.scheme != "tcp":  # ssh: only Docker itself can say
            return True
        with socket.create_connection((host.hostname or "", host.port or 2375), timeout=1):
            return True
    except (OSError, ValueError):  # ValueError: no address at all, or no port
        return False
