"""Whether a package can be loaded here: tried in a process of its own, within limits of time and memory."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from ml.io.processes import signal_name
from schemas.errors import PackageError
from schemas.home import ROOT
from schemas.run import DeploySpec
from serving.releases import trial

_LOOK_SECONDS = 0.02
_LONGEST_WHY = 1000


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
        child = subprocess.Popen(
            [sys.executable, "-m", trial.__name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        watcher = threading.Thread(target=self._watch, args=(psutil.Process(child.pid), limits), daemon=True)
        self._why: str | None = None
        watcher.start()
        out, told = child.communicate(json.dumps(request).encode() + b"\n")
        watcher.join()
        if self._why is not None:
            raise PackageError(self._why)
        return _root(child.returncode, out, told)

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


def _root(code: int, out: bytes, told: bytes) -> Path:
    if code < 0:
        raise PackageError(f"the process that loaded it was ended by {signal_name(-code)}")
    try:
        answer = json.loads(out.rstrip().rsplit(b"\n", 1)[-1])
    except ValueError:
        last = told.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {code}"]
        raise PackageError(f"the process that loaded it broke: {last[0][:_LONGEST_WHY]}") from None
    if "error" in answer:
        raise PackageError(answer["error"])
    return Path(answer["root"])
