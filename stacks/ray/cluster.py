"""A Ray cluster of one node on this machine, started when a run first needs it; it outlives the command.

Its address, folder and token stand in DRIVETRAIN_HOME, so that later commands use it again, with its warm processes,
and `python -m stacks stop` finds it. Whoever connects to a Ray cluster may run any code: ours wants a token, which is
in a file that only its owner can read.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from ml.io.file_lock import one_at_a_time
from ml.io.process_token import fate_of, started_at
from schemas.base import Strict
from schemas.errors import DrivetrainError
from schemas.home import Home

FLAVOR = "drivetrain_ray"
"""The flavor of the orchestrator whose steps run on such a cluster."""
_LONGEST = 90  # seconds that Ray may take to start
_STORE_BYTES = 200_000_000  # of what tasks hand on: for us messages alone, data goes through the artifact store
_END_SECONDS = 3.0
STOP = "end it when no run needs it any more: python -m stacks stop ray"


class ClusterRecord(Strict):
    """A cluster that a command of ours has started.

    `started` tells its process from a later one of the same number; `asked` is what the stack declared of it.
    """

    address: str
    folder: str
    raylet: int
    started: int
    asked: dict[str, float | None]

    @property
    def is_alive(self) -> bool:
        """Whether its node still runs."""
        return fate_of(self.raylet, self.started) == "alive"


def record_of(home: Home) -> ClusterRecord | None:
    """Return the cluster that was started under this home and lives; None where there is none."""
    record = _written(home)
    return record if record is not None and record.is_alive else None


def _written(home: Home) -> ClusterRecord | None:
    try:
        return ClusterRecord.model_validate_json(_file(home).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):  # one that another release wrote says nothing to us
        return None


def ensure(home: Home, cpus: float | None, gpus: float | None) -> ClusterRecord:
    """Return the cluster of this home, which is started where it does not run.

    Args:
        home: DRIVETRAIN_HOME.
        cpus: Cores that its steps may have; None: those of this machine.
        gpus: GPUs; None: what Ray finds.

    Raises:
        DrivetrainError: If Ray does not start, or runs with other resources.
    """
    asked = {"cpus": cpus, "gpus": gpus}
    with one_at_a_time(home.root / "ray" / ".lock"):
        record = record_of(home)
        if record is None:
            _clear(home)  # of a machine that was started anew, or of a start that was killed
            return _start(home, asked)
        if why := differs(record, asked):
            raise DrivetrainError(f"{why}\n    {STOP}")
        return record


def asked(settings: Mapping[str, object]) -> dict[str, float | None]:
    """Return what the settings of the orchestrator ask of a cluster that is started here; None: what there is."""
    given = {name: settings.get(name) for name in ("cpus", "gpus")}
    return {name: None if value is None else float(str(value)) for name, value in given.items()}


def differs(record: ClusterRecord, asked: dict[str, float | None]) -> str:
    """Return how a running cluster is other than what is asked for, empty where it is not; a run may be using it."""
    if record.asked == asked:
        return ""
    had, wanted = (", ".join(f"{key}={value}" for key, value in one.items()) for one in (record.asked, asked))
    return f"the cluster of this home was started with {had}, and {wanted} is asked for"


def token_file(home: Home) -> Path:
    """Return the file with the token of this home's cluster, made where there is none."""
    file = home.root / "ray" / "token"
    if not file.exists() or not file.stat().st_size:
        write_whole(file, secrets.token_hex(32), private=True)
    return file


def stop(home: Home) -> bool:
    """End the cluster that was started under this home, and every process of it; say whether there was one."""
    with one_at_a_time(home.root / "ray" / ".lock"):
        was_alive = record_of(home) is not None
        _clear(home)
        return was_alive


def _clear(home: Home) -> None:
    record = _written(home)
    if record is not None:
        end(record.folder)
        shutil.rmtree(record.folder, ignore_errors=True)
    _file(home).unlink(missing_ok=True)


def _file(home: Home) -> Path:
    return home.root / "ray" / "cluster.json"


def _start(home: Home, asked: dict[str, float | None]) -> ClusterRecord:
    # Sockets are made in there, whose paths may have 107 bytes.
    folder = tempfile.mkdtemp(prefix="drivetrain-ray-", dir="/tmp")
    begun = ClusterRecord(address="", folder=folder, raylet=0, started=0, asked=asked)
    write_whole(_file(home), begun.model_dump_json(indent=2))  # a command that is killed now is cleared up after
    try:
        record = _started(home, folder, asked)
    except BaseException:
        _clear(home)
        raise
    write_whole(_file(home), record.model_dump_json(indent=2))
    return record


def _started(home: Home, folder: str, asked: dict[str, float | None]) -> ClusterRecord:
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--port=0", "--temp-dir", folder),
        *("--include-dashboard=false", "--disable-usage-stats", f"--object-store-memory={_STORE_BYTES}"),
        *(f"--num-{name}={value:g}" for name, value in asked.items() if value is not None),
    ]
    started = subprocess.run(
        command,
        env=_plain_environment() | environment(home),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
    raylet = _raylet(folder)
    if started.returncode or raylet is None:
        said = "\n".join((started.stderr or started.stdout).splitlines()[-15:])
        raise DrivetrainError(f"Ray does not start on this machine:\n{said}")
    address = Path(folder, "ray_current_cluster").read_text(encoding="utf-8").strip()
    since = started_at(raylet)
    assert since is not None, "it was there a moment ago"
    return ClusterRecord(address=address, folder=folder, raylet=raylet, started=since, asked=asked)


def environment(home: Home) -> dict[str, str]:
    """Return the variables that a process needs to speak with this home's cluster."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token_file(home)), "RAY_USAGE_STATS_ENABLED": "0"}


def _plain_environment() -> dict[str, str]:
    """Return this command's variables without those that would go into every process of a cluster that outlives it."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR", "CUDA_VISIBLE_DEVICES")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _raylet(folder: str) -> int | None:
    return next((found.pid for found in _processes(folder) if found.name() == "raylet"), None)


def _processes(folder: str) -> list[Any]:
    """Return the processes of a cluster: our own that have its folder as an option of Ray's, and all below them."""
    import psutil

    found: dict[int, Any] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == os.getuid() and any(_names(word, folder) for word in process.cmdline()):
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
    return [process for number, process in found.items() if number != os.getpid()]


def _names(word: str, folder: str) -> bool:
    option, _, value = word.partition("=")
    return option.startswith("--") and (value == folder or value.startswith(f"{folder}/"))


def end(folder: str) -> None:
    """End every process of the cluster that has this folder, by force where it must be."""
    import psutil

    processes = _processes(folder)
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, left = psutil.wait_procs(processes, timeout=_END_SECONDS)
    until = time.monotonic() + _END_SECONDS
    while (left := [*left, *_processes(folder)]) and time.monotonic() < until:
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        _, left = psutil.wait_procs(left, timeout=1)
