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
_LATER = 0.001  # seconds by which what is confirmed comes after all before, whatever the clock was set to
logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up


class _Kept(Strict):
    """`journal` is which one they are of, `confirmed` when they were read from it, in seconds since the epoch."""

    journal: str
    releases: tuple[Event, ...]
    confirmed: float = 0.0

    @property
    def rank(self) -> tuple[float, int]:
        """What of two files the later one has more of."""
        return self.confirmed, self.releases[-1].sequence if self.releases else 0


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
        self._kept: tuple[Event, ...] | None = None  # None: not by this process
        self._told: set[Path] = set()  # of which it was said that they cannot be read
        self._said, self._again = False, 0.0  # time.monotonic

    def read(self) -> list[Event]:
        """Return what a worker of the service read last, of all that were kept before this process began.

        Sequence numbers do not tell it: the journal may have been restored, or made anew. Nothing where that has
        nothing in production.
        """
        if self._read is None:
            newest = self._newest()
            releases = () if newest is None else newest.releases
            self._read = list(releases) if current(releases) is not None else []
        return self._read

    def _newest(self) -> _Kept | None:
        """Return what was kept last, by whichever worker."""
        files = {self._file, self._service / FILE, *self._service.glob(f"worker*/{FILE}")}
        found = [one for file in sorted(files) if (one := self._found(file)) is not None]
        return max(found, key=lambda one: one.rank, default=None)

    def _found(self, file: Path) -> _Kept | None:
        try:
            found = _Kept.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            why = f"{error.error_count()} faults" if isinstance(error, ValidationError) else error.strerror
            if file not in self._told:
                logger.warning("the releases known last cannot be read from %s: %s", file, why)
            self._told.add(file)
            return None
        return found if found.journal == self._journal else None

    def keep(self, events: list[Event]) -> None:
        """Keep the events as the journal has them, at first and where they are others than before.

        To be called often. A disk that is full leaves the file as it was; it is tried again.
        """
        if events is self._asked or time.monotonic() < self._again:
            return
        now = tuple(events)
        try:
            if now != self._kept:
                self._write(now)
        except OSError as error:
            if not self._said:
                logger.warning("the releases cannot be kept for a start without the journal: %s", error)
            self._said, self._again = True, time.monotonic() + _AGAIN_SECONDS
        else:
            self._asked, self._kept, self._said = events, now, False

    def _write(self, events: tuple[Event, ...]) -> None:
        self.read()  # as it was before this
        newest = self._newest()  # the others go on keeping
        confirmed = time.time() if newest is None else max(time.time(), newest.confirmed + _LATER)
        kept = _Kept(journal=self._journal, releases=events, confirmed=confirmed)
        write_whole(self._file, kept.model_dump_json(), private=True)
