"""The releases that a worker knew last, kept beside its packages: it begins with them while the journal is away."""

import logging
import time
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.engine import make_url

from ml.io.atomic_write import write_whole
from schemas.base import Strict
from serving.releases.events import Event, current

FILE = "releases.json"
_AGAIN_SECONDS = 30.0  # until a write that failed is tried again
_WHERE = ("host", "port", "dbname", "service")  # of a URL's query: what says which database it is, and no secret
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
    """

    def __init__(self, folder: Path, journal_url: str) -> None:
        self._file, self._journal = folder / FILE, place(journal_url)
        self._read: list[Event] | None = None
        self._asked: list[Event] | None = None
        self._kept: tuple[Event, ...] | None = None
        self._said, self._again = False, 0.0  # time.monotonic

    def read(self) -> list[Event]:
        """Return what was kept before this process began; none where that has nothing in production."""
        if self._read is None:
            self._read = self._found()
        return self._read

    def _found(self) -> list[Event]:
        try:
            found = _Kept.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValidationError) as error:
            why = f"{error.error_count()} faults" if isinstance(error, ValidationError) else error.strerror
            logger.warning("the releases known last cannot be read from %s: %s", self._file, why)
            return []
        if found.journal != self._journal or current(found.releases) is None:
            return []
        self._kept = found.releases
        return list(found.releases)

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


def place(journal_url: str) -> str:
    """Return where a journal is: its URL without user, password, and options."""
    url = make_url(journal_url)
    where = {name: value for name, value in url.query.items() if name in _WHERE}
    return url._replace(username=None, password=None, query=where).render_as_string()  # type: ignore[arg-type]
