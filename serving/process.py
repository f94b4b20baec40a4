"""Services in the background: started, found again, healed and stopped."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from schemas.errors import ConfigurationError, DeploymentError
from schemas.run import DeploySpec
from serving import bento, closure, port, record, settings, store
from serving.port import HOST
from serving.record import Deployment

_START_SECONDS = 60.0
_KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that theirs is the end that closes
_RESPAWN_SECONDS = 15.0
_STOP_SECONDS = 10.0
_TAIL_LINES = 15


@dataclass(frozen=True)
class Status:
    """A recorded service: whether its process lives, whether it answers requests, and if not, why."""

    deployment: Deployment
    alive: bool
    ready: bool
    why: str | None = None


def ensure_running(home: Path, name: str, spec: DeploySpec, package: Path | None = None) -> Deployment:
    """Return the model's service, started or healed where need be; it may still have no version to answer with.

    A service that lives, with this code and these limits, is left alone. Otherwise it is started on its recorded port.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.
        spec: Port and limits.
        package: Folder of the package to put into the Bento, if one has to be built.

    Raises:
        ConfigurationError: If the declared port belongs to somebody else.
        DeploymentError: If it does not come up; the end of its log is in the text.
    """
    with record.lock(home, name):
        return running(home, name, spec, package)


def running(home: Path, name: str, spec: DeploySpec, package: Path | None) -> Deployment:
    """Do the work of `ensure_running` for a caller that holds the lock."""
    code_hash = closure.code_hash()
    known = record.read(home, name)
    if (
        known
        and record.is_alive(known)
        and known.code_hash == code_hash
        and known.spec == spec
        and _answers_soon(known)
    ):
        return known
    faults = port.faults(home, name, spec)
    if faults:
        raise ConfigurationError(faults)
    if known:
        _end(known)
    return _start(home, name, spec, code_hash, bento.build(name, code_hash, package), known)


def stop(home: Path, name: str) -> None:
    """Stop a service and forget it; its journal and packages stay. Raises DeploymentError if it is unknown."""
    with record.lock(home, name):
        end(home, record.find(home, name))


def end(home: Path, deployment: Deployment) -> None:
    """Do the work of `stop` for a caller that holds the lock."""
    _end(deployment)
    record.remove(home, deployment.name)


def status(home: Path, name: str | None = None) -> list[Status]:
    """Return all recorded services, or one. Raises DeploymentError if that one is unknown."""
    found = (
        [record.find(home, name)]
        if name
        else [one for known in record.names(home) if (one := record.read(home, known))]
    )
    return [_status(deployment) for deployment in found]


def get(url: str, seconds: float = 5.0) -> tuple[int, str]:
    """Return status and text of a GET to one of our services, (0, why) when it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _status(deployment: Deployment) -> Status:
    if not record.is_alive(deployment):
        return Status(deployment, False, False, "its process is gone; the next deployment starts it again")
    code, text = get(f"{deployment.url}/readyz")
    return Status(deployment, True, code == 200, None if code == 200 else text.strip())


def _answers(deployment: Deployment) -> bool:
    return get(f"{deployment.url}/livez")[0] == 200


def _answers_soon(deployment: Deployment) -> bool:
    """Give BentoML's supervisor the time in which it replaces a worker that died."""
    deadline = time.monotonic() + _RESPAWN_SECONDS
    while not _answers(deployment):
        if time.monotonic() > deadline or not record.is_alive(deployment):
            return False
        time.sleep(0.1)
    return True


def _start(home: Path, name: str, spec: DeploySpec, code_hash: str, tag: str, known: Deployment | None) -> Deployment:
    journal_url = store.sqlite_url(record.journal_path(home, name))
    store.create(journal_url)
    chosen = _port(home, name, spec, known)
    base = record.folder(home)
    told = settings.Settings(model=name, journal_url=journal_url, cache=base.absolute() / f"{name}.packages", spec=spec)
    record.put(base / f"{name}.settings.json", told.model_dump_json(indent=1))
    log = base.absolute() / f"{name}.log"
    process = _spawn(tag, chosen, log, base.absolute() / f"{name}.settings.json")
    deployment = Deployment(
        name=name,
        pid=process.pid,
        started=_birth(process.pid),
        port=chosen,
        url=f"http://{HOST}:{chosen}",
        code_hash=code_hash,
        bento=tag,
        journal_url=journal_url,
        log=log,
        spec=spec,
    )
    record.write(home, deployment)
    try:
        _await(deployment, process)
    except BaseException:
        _end(deployment)
        record.write(home, known) if known else record.remove(
            home, name
        )  # the port stays reserved for the next attempt
        raise
    process.returncode = 0  # it outlives us by intention; without this Python warns of a child left behind
    return deployment


def _port(home: Path, name: str, spec: DeploySpec, known: Deployment | None) -> int:
    if spec.port != "auto":
        return spec.port
    return known.port if known and port.is_free(known.port) else port.choose(home, name)


def _spawn(tag: str, chosen: int, log: Path, told: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        settings.VARIABLE: str(told),
        "BENTOML_DO_NOT_TRACK": "True",
        "OMP_NUM_THREADS": "1",
    }
    command = [
        sys.executable,
        "-m",
        "bentoml",
        "serve",
        tag,
        "--host",
        HOST,
        "--port",
        str(chosen),
        "--timeout-keep-alive",
        "75",
    ]
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=log.parent,
            env=environment,
            start_new_session=True,
        )


def _birth(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def _await(deployment: Deployment, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(deployment, f"ended with exit code {process.returncode}")
        if _answers(deployment):
            return
        time.sleep(0.05)
    raise _failure(deployment, f"did not answer within {_START_SECONDS:g} seconds")


def _failure(deployment: Deployment, what: str) -> DeploymentError:
    return DeploymentError(
        f"The service of {deployment.name!r} {what}. The end of its log, {deployment.log}:\n{tail(deployment.log)}"
    )


def _end(deployment: Deployment) -> None:
    """Stop whatever lives of a service, first politely."""
    if record.is_alive(deployment):
        os.kill(deployment.pid, signal.SIGTERM)
    for process in (found := record.members(deployment)):
        if process.pid != deployment.pid and not record.is_alive(deployment):
            process.terminate()
    _, left = psutil.wait_procs(found, timeout=_STOP_SECONDS)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=_STOP_SECONDS)
