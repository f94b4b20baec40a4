"""Archiving in a process of its own: reading and packing rows would take the interpreter from requests.

What it is told comes by its standard input, because a journal's URL may hold a password. It ends with its parent.
"""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from ml.io.processes import end_with_parent
from schemas.errors import DrivetrainError
from schemas.home import ROOT
from schemas.journal_spec import JournalSpec

_PAUSE = 3_600.0  # seconds between two attempts: each leaves a file at least
_LOOK_SECONDS = 0.2
_LAST_SECONDS = 0.5
_DAY = 86_400.0
_LONGEST = 2_000  # characters of a reason
NO_PYARROW = "journal.archive writes Parquet, and pyarrow is not installed here: pip install pyarrow"
logger = logging.getLogger("bentoml.drivetrain")


class Archiving:
    """Has what is due written to files, once an hour.

    Args:
        journal_url: The journal.
        spec: What is due, and where it goes.
        pause: Seconds between two attempts.
    """

    def __init__(self, journal_url: str, spec: JournalSpec, pause: float = _PAUSE) -> None:
        self._url, self._spec, self._pause = journal_url, spec, pause
        self._last = -pause
        self._said = ""

    def look(self, goes_on: Callable[[], bool]) -> None:
        """Do it if it is due, as long as `goes_on` says so; what goes wrong is in the log."""
        if time.monotonic() - self._last < self._pause:
            return
        self._last = time.monotonic()
        try:
            why = self._run(goes_on) if has_pyarrow() else NO_PYARROW
        except OSError as error:  # the system has no process for it: nothing was begun
            self._last, why = -self._pause, f"no process can be started: {error.strerror or error}"
        if why and why != self._said:
            logger.error("requests cannot be archived, and stay in the journal: %s", why)
        self._said = why

    def _run(self, goes_on: Callable[[], bool]) -> str:
        told = {
            "url": self._url,
            "folder": self._spec.archive,
            "before": None if self._spec.keep_days is None else time.time() - self._spec.keep_days * _DAY,
            "most_bytes": self._spec.max_bytes,
            "parent": os.getpid(),
        }
        child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with child:
            try:
                return _awaited(child, json.dumps(told).encode(), goes_on)
            finally:
                _end(child)


def _awaited(child: "subprocess.Popen[bytes]", told: bytes, goes_on: Callable[[], bool]) -> str:
    """Tell a process what to do, and wait for it; return why it could not, "" where it could or is to end."""
    assert child.stdin is not None and child.stdout is not None
    with suppress(BrokenPipeError):  # it was ended already
        child.stdin.write(told)
        child.stdin.close()
    while child.poll() is None:
        if not goes_on():
            return ""
        time.sleep(_LOOK_SECONDS)
    text = child.stdout.read().decode(errors="replace").strip()[-_LONGEST:]
    return text if child.returncode else ""


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End it if it works still, whatever became of who waited; what it has not finished nobody reads."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def has_pyarrow() -> bool:
    """Say whether Parquet can be written here."""
    return importlib.util.find_spec("pyarrow") is not None


def main() -> int:
    """Archive what standard input asks for; print why not, and return 1, where it cannot be."""
    from sqlalchemy.exc import SQLAlchemyError

    from serving.journal.archive import Due, archive
    from serving.journal.engine import connect
    from serving.journal.trouble import Unreadable, told

    asked = json.load(sys.stdin)
    end_with_parent(asked["parent"])
    with suppress(OSError):
        os.nice(10)
    try:
        for _ in archive(connect(asked["url"]), asked["folder"], Due(asked["before"], asked["most_bytes"])):
            pass  # each counts by now
    except (SQLAlchemyError, json.JSONDecodeError, Unreadable) as error:
        print(told(error))
    except (DrivetrainError, OSError) as error:
        print(error)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
