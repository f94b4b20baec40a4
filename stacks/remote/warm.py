"""The connection to a process of steps on this node, which a server forks; the server is started where there is none.

Light: a worker of a cluster begins with it, and imports nothing of what the steps need.
"""

import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import zlib
from pathlib import Path

from ml.io.process_token import namespace, started_at
from stacks.remote.lines import Lines

_LONGEST = 120.0  # seconds that a server may take to import all that steps need
_LINES = 30


def connect(code: Path, watched: int) -> Lines:
    """Return the connection to a new process of steps.

    Args:
        code: The folder of our packages; a server belongs to one.
        watched: The process that the server ends with.

    Raises:
        RuntimeError: If the server does not start, with the end of what it said.
    """
    place = _folder(code, watched) / "socket"
    try:
        return _connected(place)
    except OSError:
        _start(code, place, watched)
        return _connected(place)


def _folder(code: Path, watched: int) -> Path:
    """Return a folder that only this user can enter: who connects runs code."""
    base = Path("/tmp") / f"drivetrain-steps-{os.getuid()}"  # a socket's path may have 107 bytes
    base.mkdir(mode=0o700, exist_ok=True)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RuntimeError(f"{base} must belong to user {os.getuid()} alone")
    folder = base / f"{code.name[-16:]}-{space()}-{watched}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def space() -> str:
    """Return a number for the namespace that the numbers of this node's processes are of."""
    return str(zlib.crc32(namespace().encode()))


def _connected(place: Path) -> Lines:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(place))
    except OSError:
        connection.close()
        raise
    return Lines(connection)


def _start(code: Path, place: Path, watched: int) -> None:
    """Start a server, once, however many ask at the same time."""
    place.parent.mkdir(mode=0o700, exist_ok=True)  # a server that ends removes it
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _connected(place).connection.close()
        except OSError:
            _remove_dead(place.parent)
            place.unlink(missing_ok=True)  # of one that was killed
            log = place.parent / "log"
            _await(_started(code, place, watched, log), place, log)


def _remove_dead(ours: Path) -> None:
    """Remove the folders of servers that were killed together with what they watched, by which they are named.

    Those of another container that shares the folder have numbers of their own.
    """
    for folder in ours.parent.iterdir():
        _, of, watched = folder.name.split("-") if folder.name.count("-") == 2 else ("", "", "")
        if folder != ours and of == space() and watched.isdigit() and not _runs(int(watched)):
            shutil.rmtree(folder, ignore_errors=True)


def _started(code: Path, place: Path, watched: int, log: Path) -> int:
    """Start a server that is no child of this process, and return its number.

    Ray kills the children of a worker whose run is over, and the server is there for the next run.
    """
    command = [sys.executable, "-m", "stacks.remote.fork_server", str(place), str(watched)]
    with log.open("wb") as output:
        shell = subprocess.run(
            ["/bin/sh", "-c", 'log=$0; "$@" </dev/null >"$log" 2>&1 & echo $!', str(log), *command],
            cwd=code,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            check=True,
        )
    return int(shell.stdout)


def _environment() -> dict[str, str]:
    """Return this worker's variables without what belongs to its own run; each process of steps gets its run's."""
    own = ("RAY_JOB_ID", "RAY_RAYLET_PID", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if name not in own and not name.startswith("ZENML_")}
    return kept | {"ZENML_ANALYTICS_OPT_IN": "false"}


def _await(server: int, place: Path, log: Path) -> None:
    until = time.monotonic() + _LONGEST
    while not place.exists():
        if not _runs(server):
            raise RuntimeError(f"the process of steps does not start on {socket.gethostname()}: {_end(log)}")
        if time.monotonic() > until:
            os.kill(server, signal.SIGKILL)
            raise RuntimeError(f"the process of steps takes longer than {_LONGEST:g} s to start: {_end(log)}")
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        return started_at(process) is not None
    except OSError:  # it has ended
        return False


def _end(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LINES:]) or "it said nothing"
