"""What the workers of a service let each other know: a small file each, replaced whole once a second.

A file says that its worker lives and what it has counted. Of workers that are gone only what they counted is kept, in
one file for all of them, so that a service's counters never fall. Times are the system's since its start, which all
processes share and no clock that is set moves.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from serving.process.tally import Family, added, without_gauges

VARIABLE = "DRIVETRAIN_NOTES"
"""The folder of these files, for the workers of one service."""
WANTED = "DRIVETRAIN_WORKERS_WANTED"
"""How many workers BentoML was told to start."""

ALIVE_FOR = 3.0  # seconds after its last note that a worker counts as alive
_GONE, _LOCK = "gone.json", ".gone.lock"
_NAMES = 100  # of workers that are gone: who reads may have read the file of one before it went


@dataclass(frozen=True)
class Note:
    """One worker: its process, its place among the workers, when it wrote this, how it is, and what it has counted."""

    worker: str
    pid: int
    place: int
    seen: float
    state: str
    families: list[Family]

    @property
    def is_alive(self) -> bool:
        """Whether it was written a moment ago, and its process is still there."""
        return self.seen <= now() < self.seen + ALIVE_FOR and _runs(self.pid)


def now() -> float:
    """Return the time that notes are marked with, seconds."""
    return time.monotonic()


def folder(settings: Path) -> Path:
    """Return the folder of a service that our supervisor started with these settings."""
    return settings.with_name(f".{settings.name.removesuffix('.settings.json')}.workers")


def empty(place: Path) -> None:
    """Make the folder, without what an earlier service left in it."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in place.iterdir():
        with suppress(OSError):
            left.unlink()


def write(place: Path, note: Note) -> None:
    """Replace a worker's file; no disk need have it, for it means nothing after the system's end."""
    plain = {**note.__dict__, "families": [one.plain() for one in note.families]}
    _replace(place / f"worker-{note.worker}.json", plain)


def read(place: Path) -> tuple[list[Note], list[Family]]:
    """Return the notes that there are, and what is left of workers before."""
    notes = [note for path in sorted(place.glob("worker-*.json")) if (note := _note(path)) is not None]
    gone, families = _gone(place)  # afterwards: what was added to it meanwhile is known by its name
    return [note for note in notes if note.worker not in gone], families


def tidy(place: Path) -> None:
    """Add what workers that are gone have counted to what is kept of those before; one process at a time does."""
    descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before, _ = _gone(place)
        _unlink(place, before)  # whoever added them may have been killed
        notes, families = read(place)
        gone = [note for note in notes if not _runs(note.pid)]
        if gone:
            kept = added([families, *(without_gauges(note.families) for note in gone)])
            names = [note.worker for note in gone]
            plain = {"workers": [*before, *names][-_NAMES:], "families": [family.plain() for family in kept]}
            _replace(place / _GONE, plain)
            _unlink(place, names)
    finally:
        os.close(descriptor)


@contextmanager
def a_place(place: Path | None, told: str | None) -> Iterator[int]:
    """Give a worker's number: as its supervisor told it, else the lowest that no other has, while the block runs."""
    if told is not None or place is None:
        yield int(told or 1)
        return
    for number in count(1):
        descriptor = os.open(place / f".place-{number}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield number
                return
        finally:
            os.close(descriptor)


def _note(path: Path) -> Note | None:
    try:
        plain: dict[str, Any] = json.loads(path.read_bytes())
        return Note(**{**plain, "families": [Family.of(one) for one in plain["families"]]})
    except (OSError, ValueError, TypeError, KeyError):  # it has gone meanwhile, or is none
        return None


def _gone(place: Path) -> tuple[list[str], list[Family]]:
    try:
        plain = json.loads((place / _GONE).read_bytes())
        return plain["workers"], [Family.of(one) for one in plain["families"]]
    except (OSError, ValueError, TypeError, KeyError):
        return [], []


def _unlink(place: Path, workers: list[str]) -> None:
    for worker in workers:
        (place / f"worker-{worker}.json").unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _replace(target: Path, plain: dict[str, Any]) -> None:
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(plain))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
