"""What workers that are gone owed the journal: found at the start of the next one, and by those that live.

It is counted once the journal takes writes. What is written has keys that follow from the file, so that it is there
once though whoever wrote it was killed before the file went.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DataError

from serving.journal.engine import begin_writing
from serving.journal.in_flight import Earlier, StillWriting
from serving.journal.loss import Loss
from serving.journal.outcome import JournalError, Outcome, RowError
from serving.journal.owed import Owed, hash_of
from serving.journal.owed_file import Contents, Note, read
from serving.journal.owed_folder import Left, left, made
from serving.journal.schema import losses, requests
from serving.journal.trouble import is_of_the_journal, told

_ASIDE = ".damaged"
_AGAIN = 0.5  # seconds between two attempts
_LOOK = 5.0  # seconds between two looks for what others have left
_LOCK_SECONDS = 0.05  # that SQLite's lock, or who writes to PostgreSQL, is waited for at once: requests wait meanwhile
_AT_ONCE = 500  # ids in a query
_SPARE = 64  # requests that are committed, and whose answers have not heard of it
_SPAN = 60.0  # seconds of one count
_FAULTS = (ValueError, TypeError, OverflowError, DataError)
"""What a file holds is none of ours, or nothing that the journal has room for; all else may be better later.

So may a key that is there already: somebody else was writing it, and it is seen by the next attempt.
"""
logger = logging.getLogger("bentoml.drivetrain")


def begin(engine: Engine, folder: Path | None, held: int | None) -> "tuple[Owed, Takeover]":
    """Return what this worker owes, nothing yet, and what those that are gone have left.

    Args:
        engine: The journal.
        folder: Where the service's workers keep their files; None: nowhere.
        held: Requests that this one may hold; None: none, and it has no file.
    """
    takeover = Takeover(engine, folder)
    if folder is not None and held is not None:
        try:
            return made(folder, held + _SPARE, hash_of(engine)), takeover
        except OSError as error:
            logger.warning("what the journal is owed cannot be noted in %s: %s", folder, error.strerror or error)
    return Owed(), takeover


class Takeover:
    """Counts what workers that are gone owed; it looks for their files now and then.

    Args:
        engine: The journal.
        folder: Where they are; None: nowhere.
    """

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        self._engine, self._folder = engine, folder
        self._left: list[Left] = []
        self._earlier: dict[Path, Earlier] = {}  # who was writing when its turn came first
        self._passed: set[Path] = set()  # of which no more is to be done, and which are there
        self._said: set[str] = set()
        self._again = self._looks = 0.0  # time.monotonic
        self._is_away = False
        self._look(waits=True)

    @property
    def is_pending(self) -> bool:
        """Whether something is known not to be in the journal yet."""
        return bool(self._left)

    @property
    def pause(self) -> float | None:
        """Seconds after which `attempt` is to be called though nothing is pending; None: it need not."""
        return None if self._folder is None else _LOOK

    def heard(self, outcome: Outcome) -> None:
        """Note how a commit went: after one that failed nobody else is to wait, and a journal that is back is owed."""
        if isinstance(outcome, JournalError) and not isinstance(outcome, RowError):
            self._is_away, self._again = True, time.monotonic() + _AGAIN
        elif self._is_away:
            self._is_away, self._looks = False, 0.0

    def attempt(
        self,
        killed: Callable[[Loss], None],
        may: Callable[[], bool] = lambda: True,
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        """Write what is owed, as far as the journal takes it.

        Args:
            killed: Is told of what was held, and is in the journal as lost now.
            may: Says whether the journal may be written to.
            waiting: Returns how many requests wait: after each file it is their turn.
        """
        if time.monotonic() >= self._looks:
            self._look(waits=False)
        if not self._left or time.monotonic() < self._again:
            return
        for one in self._left[::-1]:
            if not may():
                return
            error = self._in_the_way(one, killed)
            self._left.remove(one)
            if error is None:
                os.close(one.descriptor)
                self._earlier.pop(one.path, None)
            else:
                self._left.insert(0, one)  # the others' turn comes first, though no more than one is tried
                self._again = time.monotonic() + _AGAIN
                if self._is_of_all(error):
                    return
            if waiting():
                return

    def close(self) -> None:
        """Leave what could not be written to the next worker."""
        while self._left:
            os.close(self._left.pop().descriptor)

    def _look(self, *, waits: bool) -> None:
        """Find what others have left; where somebody else looks, this one need not."""
        self._looks = time.monotonic() + _LOOK
        if self._folder is None:
            return
        known = {*self._passed, *(one.path for one in self._left)}
        try:
            self._left.extend(left(self._folder, known, waits=waits))
        except BlockingIOError:
            return
        except OSError as error:
            self._say(f"what workers before owed the journal cannot be looked for in {self._folder}: {told(error)}")

    def _in_the_way(self, one: Left, killed: Callable[[Loss], None]) -> Exception | None:
        """Count what a file says, and remove it; return what is in the way now, None: no more is to be done."""
        try:
            contents = read(one.content())
            if contents is not None and contents.journal != hash_of(self._engine):
                logger.warning("%s is owed to another journal, and left as it is", one.path)
                self._passed.add(one.path)
                return None
            counted = [] if contents is None else self._written(contents, one.path)
        except _FAULTS as error:
            self._set_aside(one, error)
            return None
        except Exception as error:  # whatever it is, the thread is to go on, and the file tells the next attempt
            return error
        for loss in counted:
            killed(loss)
        self._remove(one)
        return None

    def _is_of_all(self, error: Exception) -> bool:
        """Say what is in the way, and whether it is in the way of all files."""
        if is_of_the_journal(error):  # its writer says so
            return True
        self._say(f"what a worker that is gone owed the journal is counted later: {told(error)}")
        return isinstance(error, StillWriting)

    def _set_aside(self, one: Left, error: Exception) -> None:
        logger.error("%s, of a worker that is gone, cannot be counted and is set aside: %s", one.path, told(error))
        try:
            one.path.rename(one.path.with_suffix(_ASIDE))
        except OSError:
            self._passed.add(one.path)

    def _remove(self, one: Left) -> None:
        """Remove a file, or at least what is in it."""
        try:
            one.path.unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(one.descriptor, 0)
            self._passed.add(one.path)
            self._say(f"what is counted cannot be removed from {self._folder}: {error.strerror or error}")

    def _say(self, what: str) -> None:
        if what not in self._said:
            logger.warning(what)
        self._said.add(what)

    def _written(self, contents: Contents, path: Path) -> list[Loss]:
        """Count what is owed, and return what was held and is lost; all of it is committed, or nothing."""
        self._earlier.setdefault(path, Earlier(self._engine)).wait(_LOCK_SECONDS)
        with self._engine.begin() as connection:
            begin_writing(connection, _LOCK_SECONDS)
            lost = _counted(contents.name, _missing(connection, contents.held))
            known = _known(connection, [*contents.counts, *lost])
            fresh = {key: loss for key, loss in (contents.counts | lost).items() if key not in known}
            if fresh:
                connection.execute(insert(losses), [{"key": key, **loss._asdict()} for key, loss in fresh.items()])
        if fresh:
            count, rows = sum(one.requests for one in fresh.values()), sum(one.rows for one in fresh.values())
            logger.warning("%d requests (%d rows) that a worker before answered are counted as lost", count, rows)
        return [loss for key, loss in lost.items() if key in fresh]


def _missing(connection: Connection, held: Sequence[Note]) -> list[Note]:
    """Return those of which no commit came through."""
    known: set[str] = set()
    for start in range(0, len(held), _AT_ONCE):
        some = [note.request_id for note in held[start : start + _AT_ONCE]]
        query = select(requests.c.request_id).where(requests.c.request_id.in_(some))
        known.update(connection.execute(query).scalars())
    return [note for note in held if note.request_id not in known]


def _counted(name: str, notes: Sequence[Note]) -> dict[str, Loss]:
    """Return counts of requests by key, for each version and minute; the keys are the same whoever counts."""
    counts: dict[str, Loss] = {}
    for note in notes:
        told_by = f"{name} {int(note.time // _SPAN)} {note.version}"
        key = hashlib.blake2b(told_by.encode(), digest_size=16).hexdigest()
        since, until, _, count, rows, _ = counts.get(key) or Loss(note.time, note.time, "", 0, 0, "")
        since, until = min(since, note.time), max(until, note.time)
        counts[key] = Loss(since, until, note.version, count + 1, rows + note.rows, "killed")
    return counts


def _known(connection: Connection, keys: Sequence[str]) -> set[str]:
    query = select(losses.c.key)
    found: set[str] = set()
    for start in range(0, len(keys), _AT_ONCE):
        some = query.where(losses.c.key.in_(keys[start : start + _AT_ONCE]))
        found.update(connection.execute(some).scalars())
    return found
