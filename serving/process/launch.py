"""The process of a service: started so that it outlives us, awaited, ended."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from ml.io.atomic_write import write_whole
from schemas.errors import DeploymentError
from schemas.run import DeploySpec
from serving.journal import tables
from serving.process import records, settings
from serving.process.bento import SERVICE, source
from serving.process.port import HOST
from serving.process.probe import get, tail
from serving.process.records import Deployment

_KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that theirs is the end that closes
_START_SECONDS = 60.0
_GRACE_SECONDS = 5.0
_STOP_SECONDS = 10.0


def start(
    home: Path, name: str, spec: DeploySpec, journal_url: str, code_hash: str, bento: str, port: int
) -> Deployment:
    """Start a service from a Bento in the background and wait until it is alive.

    Raises:
        DeploymentError: If it does not come up; the end of its log is in the text. Nothing of it lives then.
    """
    tables.create(journal_url)
    base = records.folder(home).absolute()
    config = settings.Settings(model=name, journal_url=journal_url, cache=base / f"{name}.packages", spec=spec)
    write_whole(records.settings_path(home, name), config.model_dump_json(indent=1), private=True)
    log = base / f"{name}.log"
    process = _spawn(bento, port, log, records.settings_path(home, name), spec.deadline)
    deployment = Deployment(
        name=name,
        pid=process.pid,
        started=float(psutil.Process(process.pid).create_time()),
        port=port,
        url=f"http://{HOST}:{port}",
        code_hash=code_hash,
        bento=bento,
        journal_url=journal_url,
        log=log,
        spec=spec,
    )
    try:
        _await(deployment, process)
    except BaseException:
        end(home, name)
        raise
    process.returncode = 0  # it outlives us by intention; without this Python warns of a child left behind
    return deployment


def is_live(deployment: Deployment) -> bool:
    """Say whether the service answers at all."""
    return get(f"{deployment.url}/livez")[0] == 200


def end(home: Path, name: str) -> None:
    """Stop whatever lives of a service, first politely: the supervisor ends its worker, which ends what is in work."""
    found = records.members(home, name)
    known = records.read(home, name)
    if known is not None and records.is_alive(known) and known.pid not in {process.pid for process in found}:
        # Started under another spelling of the folder, or before it was moved.
        supervisor = psutil.Process(known.pid)
        found += [supervisor, *supervisor.children(recursive=True)]
    pids = {process.pid for process in found}
    for process in found:
        with suppress(psutil.NoSuchProcess):
            if process.ppid() not in pids:  # the supervisor, or a worker that has none any more
                process.terminate()
    _, left = psutil.wait_procs(found, timeout=_STOP_SECONDS)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=_STOP_SECONDS)


def _spawn(bento: str, port: int, log: Path, config: Path, deadline: float) -> "subprocess.Popen[bytes]":
    # BentoML holds a timer for every request until its own timeout, which cannot be switched off: as short as may be.
    timeout = f"services.drivetrain.traffic.timeout={deadline + _GRACE_SECONDS:g}"
    environment = {
        **os.environ,
        settings.VARIABLE: str(config),
        "BENTOML_CONFIG_OPTIONS": f"{os.environ.get('BENTOML_CONFIG_OPTIONS', '')}\n{timeout}".strip(),
        "BENTOML_DO_NOT_TRACK": "True",
        "ORT_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }
    # From the Bento's code, not by its tag: BentoML's worker takes half a second to open a Bento from its store.
    command = [sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", HOST, "--port", str(port)]
    command += ["--timeout-keep-alive", str(_KEEP_ALIVE_SECONDS)]
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=source(bento),
            env=environment,
            start_new_session=True,
        )


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
