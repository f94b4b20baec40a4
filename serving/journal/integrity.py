"""Whether the file of a SQLite journal is whole: looked at when a service starts, and again while it runs."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from serving.journal.contents import TABLES, found_tables, read_only
from serving.journal.trouble import NO_TABLES

DAMAGED = "the journal is damaged"
"""With these words a service says so."""
logger = logging.getLogger("bentoml.drivetrain")
_PAGES = "PRAGMA quick_check(1)"
_HEADER = "SELECT 'ok'"  # and the tables, which are asked for in any case
_MOMENT = 0.05
_PAUSE = 5.0  # seconds between two looks at a small journal
_SHARE = 50  # a look at a large one may take a fiftieth of the time
_AT_ONCE = 64 << 20  # bytes; a larger journal is looked at while the service starts


def damage(file: Path, check: str = _PAGES, reading: Callable[[sqlite3.Connection], None] | None = None) -> str | None:
    """Return what SQLite says is wrong with a journal's pages, None when they are sound or somebody is in the way.

    Every page is read from the file, through a connection of its own: what another connection still holds in memory
    says nothing of the file.

    Args:
        file: The journal.
        check: What is asked.
        reading: Gets the connection before it is asked, to interrupt it from another thread.
    """
    try:
        with closing(read_only(file)) as connection:
            if reading is not None:
                reading(connection)
            found = connection.execute(check).fetchone()
            is_whole = found_tables(connection) == set(TABLES)
    except sqlite3.OperationalError:
        return None  # locked, gone or interrupted: the heartbeat has words for that
    except sqlite3.DatabaseError as error:
        return str(error)
    except UnicodeDecodeError:  # SQLite quotes what it cannot read, and that may be no text
        return "its schema cannot be read"
    if found[0] != "ok":
        return " ".join(str(found[0]).split())
    return None if is_whole else NO_TABLES


class Integrity:
    """Looks at a journal until it finds it damaged; `error` says how, None while it is sound."""

    def __init__(self, journal_url: str, model: str) -> None:
        self.error: str | None = None
        self._model = model
        url = make_url(journal_url)
        database = url.database if url.get_backend_name() == "sqlite" else None
        self._file = Path(database) if database else None
        self._stopped = threading.Event()
        self._reading: sqlite3.Connection | None = None
        self._was_looked_at = False
        self._thread = threading.Thread(target=self._run, name="integrity", daemon=True)

    def start(self) -> None:
        """Look at once where that is quick, and again and again in the background."""
        if not self._was_looked_at:
            self.look()
        if self._file is not None:
            self._thread.start()

    def look(self) -> None:
        """Look at once, at all of it where that is quick."""
        self._was_looked_at = True
        if self._file is not None and self._file.is_file():  # a database server looks after its own files
            self._look(self._file, _PAGES if self._file.stat().st_size <= _AT_ONCE else _HEADER)

    def stop(self) -> None:
        """Look no more; a look that is under way, which may take minutes, is broken off."""
        self._stopped.set()
        while self._thread.is_alive():
            if self._reading is not None:
                with suppress(sqlite3.ProgrammingError):  # closed meanwhile
                    self._reading.interrupt()
            self._thread.join(_MOMENT)  # it may have been about to ask

    def _run(self) -> None:
        assert self._file is not None, "only the file of a journal is looked at"
        pause = 0.0
        while self.error is None and not self._stopped.wait(pause):
            began = time.monotonic()
            self._look(self._file, _PAGES)
            pause = max(_PAUSE, _SHARE * (time.monotonic() - began))

    def _look(self, file: Path, check: str) -> None:
        found = damage(file, check, self._read_through)
        if found is not None and self.error is None:
            logger.error("%s: %s", DAMAGED, found)
            self.error = f"{DAMAGED}; what can be read is saved by: python -m serving repair {self._model}"

    def _read_through(self, connection: sqlite3.Connection) -> None:
        self._reading = connection
