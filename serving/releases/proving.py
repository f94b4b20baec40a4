"""Whether a package can be loaded here: tried in a process of its own, within limits of time and memory."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import psutil

from ml.io.processes import signal_name
from ml.runtimes.load import prepare
from schemas.deploy_spec import DeploySpec
from schemas.errors import PackageError
from schemas.home import ROOT
from serving.releases import trial

_LOOK_SECONDS = 0.02
_LONGEST_WHY, _LONGEST_LINE = 1000, 1 << 20


class Trial:
    """One package being tried; another thread may look at it and end it."""

    def __init__(self, version: str, package_url: str) -> None:
        self.version, self.package_url = version, package_url
        self._began = time.monotonic()
        self._given_up = threading.Event()

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.monotonic() - self._began

    def give_up(self) -> None:
        """End it: nobody waits for it any more."""
        self._given_up.set()

    def run(self, cache: Path, limits: DeploySpec) -> Path:
        """Fetch the package into `cache`, load it, compare its predictions for its sample rows; return its folder.

        Raises:
            PackageError: If any of it fails, or takes more than the limits allow.
        """
        request = {
            "version": self.version,
            "package_url": self.package_url,
            "cache": str(cache.absolute()),
            "max_package": limits.max_package,
            "seconds": limits.load_seconds,
            "parent": psutil.Process().pid,
        }
        self._why: str | None = None
        with tempfile.TemporaryFile() as told, ThreadPoolExecutor(1, "prepare") as meanwhile:
            child = subprocess.Popen(
                [sys.executable, "-m", trial.__name__],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
            )
            watcher = threading.Thread(target=self._watch, args=(psutil.Process(child.pid), limits), daemon=True)
            watcher.start()
            last = _last_said(child, json.dumps(request), meanwhile)
            watcher.join()
            if self._why is not None:
                raise PackageError(self._why)
            return _root(child.returncode, last, _end_of(told))

    def _watch(self, child: psutil.Process, limits: DeploySpec) -> None:
        while True:
            try:
                taken = child.memory_info().rss
                if child.status() == psutil.STATUS_ZOMBIE:
                    return
            except psutil.NoSuchProcess:
                return
            self._why = self._excess(taken, limits)
            if self._why is not None:
                child.kill()
                return
            time.sleep(_LOOK_SECONDS)

    def _excess(self, taken: int, limits: DeploySpec) -> str | None:
        if self._given_up.is_set():
            return "its publisher gave up"
        if self.seconds > limits.load_seconds:
            return f"loading it took more than {limits.load_seconds:g} seconds (deploy.load_seconds)"
        if taken > limits.load_memory:
            return f"loading it took more than {limits.load_memory // 1_000_000:,} MB of memory (deploy.load_memory)"
        return None


def _last_said(child: "subprocess.Popen[bytes]", request: str, meanwhile: Executor) -> dict[str, Any]:
    """Ask the child, import meanwhile what the package needs, and return the last that it said before it ended."""
    said: dict[str, Any] = {}
    with child:
        assert child.stdin is not None and child.stdout is not None
        with suppress(BrokenPipeError):  # it was ended already
            child.stdin.write(f"{request}\n".encode())
            child.stdin.close()
        for line in iter(partial(child.stdout.readline, _LONGEST_LINE), b""):
            if line.startswith(b"{"):
                with suppress(ValueError):
                    said = json.loads(line)
            if "runtime" in said:
                meanwhile.submit(prepare, **said)  # what goes wrong there goes wrong again when it is loaded
                said = {}
    return said


def _root(code: int, answer: dict[str, Any], told: str) -> Path:
    if code < 0:
        raise PackageError(f"the process that loaded it was ended by {signal_name(-code)}")
    if "error" in answer:
        raise PackageError(str(answer["error"]))
    if "root" in answer:
        return Path(answer["root"])
    raise PackageError(f"the process that loaded it broke: {told or f'exit code {code}'}")


def _end_of(told: IO[bytes]) -> str:
    """Return the last line of what was told."""
    told.seek(max(0, told.seek(0, os.SEEK_END) - _LONGEST_WHY))
    return (told.read().decode(errors="replace").strip().splitlines() or [""])[-1]
