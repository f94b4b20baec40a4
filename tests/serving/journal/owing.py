"""Workers that owe the journal something, and their end."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.journal.engine import connect
from serving.journal.loss import Loss
from serving.journal.lost import lost
from serving.journal.takeover import begin


def killed(folder: Path, owes: Callable[[Any], None], url: str) -> None:
    """Let a process owe something, and end it as a kill does."""
    if not (child := os.fork()):
        owed, _ = begin(connect(url), folder, 20)
        owes(owed)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".owed", ".damaged"))


def take_over(url: str, folder: Path) -> list[Loss]:
    """Count what is left in a folder; return what was killed."""
    found: list[Loss] = []
    _, takeover = begin(connect(url), folder, None)
    takeover.attempt(found.append)
    takeover.close()
    return found


def totals(url: str) -> dict[tuple[str, str], tuple[int, int]]:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for one in lost(url, 0.0):
        requests, rows = found.get((one.version, one.reason), (0, 0))
        found[one.version, one.reason] = (requests + one.requests, rows + one.rows)
    return found
