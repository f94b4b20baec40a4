"""The releases that a worker knew last, kept beside its packages: with them one begins while the journal is away."""

import logging
import time
from pathlib import Path

from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from schemas.base import Strict
from serving.journal.location import place
from serving.releases.events import Event, current

FILE = "releases.json"
_AGAIN_SECONDS = 30.0  # until a write that failed is tried again
logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up


class _Kept(Strict):
    """`journal` is which one they are of."""

    journal: str
    releases: tuple[Event, ...]


class KnownReleases:
    """What is kept of one journal; of another one nothing is known.

    Args:
        folder: The worker's folder for packages.
        journal_url: The journal.
        service: The folder in which those of its other workers are; None: `folder`.
    """

    def __init__(self, folder: Path, journal_url: str, service: Path | None = None) -> None:
        self._file, self._journal, self._service = folder / FILE, place(journal_url), service or folder
        self._read: list[Event] | None = None
        self._asked: list[Event] | None = None
        self._kept: tuple[Event, ...] | None = None
        self._said, self._again = False, 0.0  # time.monotonic

    def read(self) -> list[Event]:
        """Return what a worker of the service kept before this process began, of all that is furthest.

        Nothing where that has nothing in production.
        """
        if self._read is None:
            files = {self._file, self._service / FILE, *self._service.glob(f"worker*/{FILE}")}
            found = {file: self._found(file) for file in sorted(files)}
            self._kept = found[self._file]
            newest = max(filter(None, found.values()), key=lambda events: events[-1].sequence, default=())
            self._read = list(newest) if current(newest) is not None else []
        return self._read

    def _found(self, file: Path) -> tuple[Event, ...] | None:
        try:
            found = _Kept.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            why = f"{error.error_count()} faults" if isinstance(error, ValidationError) else error.strerror
            logger.warning("the releases known last cannot be read from %s: %s", file, why)
            return None
        return found.releases if found.journal == self._journal else None

    def keep(self, events: list[Event]) -> None:
        """Keep the events, where they are others than before; to be called often.

        A disk that is full leaves the file as it was; it is tried again.
        """
        if events is self._asked or time.monotonic() < self._again:
            return
        now = tuple(events)
        try:
            if now != self._kept:
                write_whole(self._file, _Kept(journal=self._journal, releases=now).model_dump_json(), private=True)
        except OSError as error:
            if not self._said:
                logger.warning("the releases cannot be kept for a start without the journal: %s", error)
            self._said, self._again = True, time.monotonic() + _AGAIN_SECONDS
        else:
            self._asked, self._kept, self._said = events, now, False
