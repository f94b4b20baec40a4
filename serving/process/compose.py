"""A compose file for the image of a deployed service's Bento, as text."""

import json
import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy.engine import make_url

from serving.journal import location
from serving.keys import store
from serving.process import records
from serving.process.container import DATA, KEYS_FOLDER, PORT, environment
from serving.process.patience import grace
from serving.process.records import Deployment

_TEXT = """\
# {name}: made by `python -m serving compose {name}`. The image is the Bento's:
#   bentoml containerize {bento}
#   mkdir -p {data} && docker compose up -d
# It runs as the user who made this file, to whom the folders belong. $DRIVETRAIN_IMAGE, $DRIVETRAIN_DATA and
# $DRIVETRAIN_PORT stand for another image, folder and port.
services:
  "{name}":
    image: "${{DRIVETRAIN_IMAGE:-{bento}}}"
    user: "{user}"
    restart: unless-stopped
    init: true
    ports:
      - "{address}:${{DRIVETRAIN_PORT:-{port}}}:{inside}"
    environment:
{environment}
    volumes:
{volumes}
    tmpfs:
      - /tmp
    healthcheck:
      test:
        - CMD
        - python
        - -c
        - import urllib.request as u; u.urlopen("http://127.0.0.1:{inside}/readyz", timeout=4)
      interval: 10s
      timeout: 5s
      retries: 3
      start_period: 120s
    stop_grace_period: {grace}s
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    ulimits:
      nofile: {files}
"""


def compose(home: Path, deployment: Deployment) -> str:
    """Return the file: the service's settings, its journal in a folder of the host, its keys where it has some.

    Raises:
        DeploymentError: If the file of the keys cannot be read.
    """
    keys = records.keys_path(home, deployment.name)
    has_keys = bool(store.read(keys))
    spec = deployment.spec
    address = ip_address(spec.host)
    mounts = [("${DRIVETRAIN_DATA:-" + _data(deployment) + "}", DATA, False)]
    mounts += [(_escaped(str(keys.parent)), KEYS_FOLDER, True)] if has_keys else []
    archive = deployment.journal.archive_folder
    mounts += [] if archive is None else [(_escaped(str(archive)), _escaped(json.dumps(str(archive))), False)]
    variables = dict(_environment(deployment, has_keys=has_keys))
    return _TEXT.format(
        name=deployment.name,
        bento=deployment.bento,
        data=_data(deployment),
        user=f"{os.getuid()}:{os.getgid()}",
        address=f"[{address}]" if address.version == 6 else address,
        port=deployment.port,
        inside=PORT,
        environment="\n".join(
            f"      {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in variables.items()
        ),
        volumes="\n".join(_mount(*mount) for mount in mounts),
        grace=grace(spec.drain_seconds, spec.deadline),
        files=spec.max_connections + 500,
    )


def _data(deployment: Deployment) -> str:
    return f"./{deployment.name}-data"


def _mount(source: str, target: str, read_only: bool) -> str:
    lines = ["- type: bind", f"  source: {json.dumps(source, ensure_ascii=False)}", f"  target: {target}"]
    lines += ["  read_only: true"] if read_only else []
    # Made by Docker it would be root's.
    return "\n".join(f"      {line}" for line in [*lines, "  bind: {create_host_path: false}"])


def _environment(deployment: Deployment, *, has_keys: bool) -> Iterator[tuple[str, str]]:
    is_sqlite = make_url(deployment.journal_url).get_backend_name() == "sqlite"
    journal = location.sqlite_url(Path(f"{DATA}/journal.db")) if is_sqlite else None
    for one in environment(deployment, has_keys=has_keys, journal_url=journal):
        if one.value is not None:
            yield one.name, _escaped(one.value)
        else:
            yield one.name, f"${{{one.name}:-}}" if one.is_optional else f"${{{one.name}:?{one.about}}}"
    if not has_keys and not deployment.spec.is_exposed:  # the port is published on this machine alone
        yield "DRIVETRAIN_DEPLOY_OPEN", "true"


def _escaped(text: str) -> str:
    return text.replace("$", "$$")
