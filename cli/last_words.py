"""What is to be said of a run that cannot say it itself any more: its process is stuck, or was killed.

The run leaves it in an unnamed file that it shares with the process that watches it. Where nobody watches, nothing is
left. Light: the watching process imports it.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ml.io.atomic_write import write_whole
from ml.io.process_token import token


class Shelf:
    """An unnamed file that outlives whoever wrote into it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile(buffering=0)  # noqa: SIM115  it lies there until the process ends

    def put(self, text: str) -> None:
        """Replace what lies there."""
        os.ftruncate(self._file.fileno(), 0)
        os.pwrite(self._file.fileno(), text.encode(), 0)

    def take(self) -> str:
        """Return what lies there."""
        return os.pread(self._file.fileno(), os.fstat(self._file.fileno()).st_size, 0).decode()


UNKNOWN = "\0"
"""Stands in what is left for why the run ended, which nobody knows yet."""
_shelves: list[Shelf] = []  # of this process: empty, or the one that it shares with the process that watches it


def share(shelf: Shelf) -> None:
    """Leave last words on a shelf from now on."""
    _shelves[:] = [shelf]


def leave(folder: Path, summary: str, others: Mapping[Path, str] | None = None) -> None:
    """Leave word of a run that has begun.

    Args:
        folder: Its folder.
        summary: As JSON what it gets for a summary unless it writes another.
        others: Files that tell of it too, with what stands in them then; `UNKNOWN` in it becomes why it ended.
    """
    files = {str(path): text for path, text in (others or {}).items()}
    for shelf in _shelves:
        left = {"folder": str(folder), "summary": json.loads(summary), "others": files, "process": token()}
        shelf.put(json.dumps(left))


def settle() -> None:
    """Take back what was left: the run has said how it ended."""
    for shelf in _shelves:
        shelf.put("")


def speak(shelf: Shelf, error: str) -> None:
    """Write what was left of a run that ended without a word, with why it ended; remove what it had half written."""
    try:
        left = json.loads(shelf.take() or "null")
    except ValueError:  # it was killed while it wrote
        return
    if left is None:
        return
    folder = Path(left["folder"])
    for partial in folder.glob(f".*{left['process']}*.partial"):  # its own: others may write there too
        partial.unlink(missing_ok=True)
    summary = json.dumps({**left["summary"], "error": error}, indent=2, ensure_ascii=False) + "\n"
    others = {Path(path): text.replace(UNKNOWN, error) for path, text in left["others"].items()}
    for path, text in {folder / "summary.json": summary, **others}.items():
        try:
            write_whole(path, text)
        except OSError as fault:
            sys.stderr.write(f"{path} cannot be written: {fault.strerror}\n")
