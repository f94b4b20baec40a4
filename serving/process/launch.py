"""The process of a service: started so that it outlives us, awaited, ended."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from ml.io.atomic_write import write_whole
from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.journal_spec import JournalSpec
from serving.journal import tables
from serving.keys.client import VARIABLE as KEY_VARIABLE
from serving.process import address, kept_alive, notes, records, settings
from serving.process.alone import bentoml_environment
from serving.process.bento_store import source
from serving.process.kept_alive import Role
from serving.process.members import VARIABLE, members
from serving.process.patience import patience
from serving.process.probe import get, tail
from serving.process.records import Deployment

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0  # beyond those that a supervisor gives its workers


def start(
    home: Path,
    name: str,
    spec: DeploySpec,
    journal_url: str,
    journal: JournalSpec,
    code_hash: str,
    bento: str,
    port: int,
) -> Deployment:
    """Start a service from a Bento in the background and wait until it is alive.

    Raises:
        DeploymentError: If it does not come up; the end of its log is in the text. Nothing of it lives then.
    """
    tables.create(journal_url)
    log = records.folder(home).absolute() / f"{name}.log"
    deployment = Deployment(
        name=name,
        port=port,
        url=address.url(spec.host, port),
        code_hash=code_hash,
        bento=bento,
        journal_url=journal_url,
        log=log,
        spec=spec,
        journal=journal,
    )
    told = tell(home, deployment)
    try:
        supervisor = _spawn("supervisor", bento, log, told, spec.deadline)
        _await(deployment, supervisor)
        _spawn("watchdog", bento, log, told, spec.deadline)
    except BaseException:
        end(home, name)
        raise
    return deployment


def tell(home: Path, deployment: Deployment) -> Path:
    """Write what a service's processes are told; return the file. From here on the service is wanted."""
    config = settings.Settings(
        model=deployment.name,
        journal_url=deployment.journal_url,
        cache=records.folder(home).absolute() / f"{deployment.name}.packages",
        keys=records.keys_path(home, deployment.name),
        host=deployment.spec.host,
        port=deployment.port,
        spec=deployment.spec,
        journal=deployment.journal,
    )
    told = records.settings_path(home, deployment.name)
    return write_whole(told, config.model_dump_json(indent=1), private=True)


def is_live(deployment: Deployment) -> bool:
    """Say whether the service answers at all."""
    return get(f"{deployment.url}/livez")[0] == 200


def end(home: Path, name: str) -> None:
    """Stop whatever lives of a service, first politely: the supervisor ends its worker, which ends what is in work."""
    told = records.settings_path(home, name)
    supervisor = records.supervisor(home, name)
    seconds = _seconds_to_stop(told)
    told.unlink(missing_ok=True)  # from here on nothing of it is started again
    found = members(told)
    if supervisor is not None and supervisor not in {process.pid for process in found}:
        with suppress(psutil.Error):  # started under a folder that was moved since
            process = psutil.Process(supervisor)
            if _is_supervisor(process, name):
                found += [process, *process.children(recursive=True)]
    pids = {process.pid for process in found}
    for process in found:
        with suppress(psutil.NoSuchProcess):
            if process.ppid() not in pids:  # a worker is its supervisor's to end
                process.terminate()
    _, left = psutil.wait_procs(found, timeout=seconds)
    for process in [*left, *members(told)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=_STOP_SECONDS)
    shutil.rmtree(notes.folder(told), ignore_errors=True)


def _seconds_to_stop(told: Path) -> float:
    try:
        spec = settings.Settings.model_validate_json(told.read_bytes()).spec
    except (OSError, ValueError):
        spec = DeploySpec()
    return patience(spec.drain_seconds, spec.deadline) + _STOP_SECONDS


def _is_supervisor(process: psutil.Process, name: str) -> bool:
    """Say whether a process is what a file says that it is: in a container, numbers are others."""
    words = process.cmdline()
    return "serving.process.supervisor" in words and words[-1].endswith(f"/{name}.settings.json")


def _spawn(role: Role, bento: str, log: Path, told: Path, deadline: float) -> "subprocess.Popen[bytes]":
    with log.open("ab") as out:
        # From the Bento's code, not by its tag: BentoML's worker takes half a second to open a Bento from its store.
        return kept_alive.start(told, role, cwd=source(bento), environment=environment(told, deadline), log=out)


def environment(told: Path, deadline: float) -> dict[str, str]:
    """Return the environment of a service's processes: ours without the key that we show, and what they are told.

    Args:
        told: The service's settings.
        deadline: Seconds that a request may take.
    """
    ours = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    return {**ours, VARIABLE: str(told), **bentoml_environment(os.environ, deadline)}


def _await(deployment: Deployment, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(deployment, f"ended with exit code {process.returncode}")
        if is_live(deployment):
            return
        time.sleep(0.05)
    raise _failure(deployment, f"did not answer within {_START_SECONDS:g} seconds")


def _failure(deployment: Deployment, what: str) -> DeploymentError:
    return DeploymentError(
        f"The service of {deployment.name!r} {what}. The end of its log, {deployment.log}:\n{tail(deployment.log)}"
    )
