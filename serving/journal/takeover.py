"""What workers that are gone owed the journal: found at the start of the next one, and counted when it takes writes.

A lock on each file says whether its owner lives: it ends with the process, however that ends, and only one other gets
it. What is written has keys that follow from the file, so that it is there once though whoever wrote it was killed
before the file went.
"""

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert, select

from serving.journal.loss import Loss
from serving.journal.owed import Owed, hash_of
from serving.journal.owed_file import Contents, Note, read
from serving.journal.schema import losses, requests
from serving.journal.tables import begin_writing
from serving.journal.trouble import is_of_the_journal, told

_ENDING = ".owed"
_ASIDE = ".damaged"
_LOCK = ".lock"
_AGAIN = 0.5  # seconds between two attempts
_AT_ONCE = 500  # ids in a query
_SPARE = 64  # requests that are committed, and whose answers have not heard of it
_SPAN = 60.0  # seconds of one count
logger = logging.getLogger("bentoml.drivetrain")


class Left(NamedTuple):
    """The file of a worker that is gone, locked."""

    path: Path
    descriptor: int


def begin(engine: Engine, folder: Path | None, held: int | None) -> "tuple[Owed, Takeover]":
    """Return what this worker owes, nothing yet, and what those that are gone have left.

    Args:
        engine: The journal.
        folder: Where the service's workers keep their files; None: nowhere.
        held: Requests that this one may hold; None: none, and it has no file.
    """
    if folder is None or (held is None and not folder.exists()):
        return Owed(), Takeover(engine, [])
    owed, left = Owed(), list[Left]()
    try:
        with _alone_in(folder):
            left.extend(_left(folder))
            if held is not None:
                owed = _made(folder, held + _SPARE, hash_of(engine))
    except OSError as error:
        logger.warning("what the journal is owed cannot be noted in %s: %s", folder, error.strerror or error)
    return owed, Takeover(engine, left)


class Takeover:
    """Counts what workers that are gone owed.

    Args:
        engine: The journal.
        left: Their files.
    """

    def __init__(self, engine: Engine, left: Sequence[Left]) -> None:
        self._engine, self._left, self._again = engine, list(left), 0.0

    @property
    def is_pending(self) -> bool:
        """Whether something is not in the journal yet."""
        return bool(self._left)

    def attempt(self, killed: Callable[[Loss], None], may: Callable[[], bool] = lambda: True) -> None:
        """Write what is owed, as far as the journal takes it.

        Args:
            killed: Is told of what was held, and is in the journal as lost now.
            may: Says whether the journal may be written to.
        """
        while self._left and time.monotonic() >= self._again and may():
            if not self._take(self._left[-1], killed):
                self._again = time.monotonic() + _AGAIN
                return
            os.close(self._left.pop().descriptor)

    def close(self) -> None:
        """Leave what could not be written to the next worker."""
        while self._left:
            os.close(self._left.pop().descriptor)

    def _take(self, left: Left, killed: Callable[[Loss], None]) -> bool:
        """Return whether no more is to be done about a file."""
        try:
            contents = read(_bytes_of(left.descriptor))
            if contents is not None and contents.journal != hash_of(self._engine):
                logger.warning("%s is owed to another journal, and left as it is", left.path)
                return True
            counted = [] if contents is None else self._written(contents)
        except Exception as error:  # a damaged one, or what the driver cannot hold: the thread is to go on
            if is_of_the_journal(error):
                return False
            logger.error("%s, of a worker that is gone, cannot be counted and is set aside: %s", left.path, told(error))
            with suppress(OSError):
                left.path.rename(left.path.with_suffix(_ASIDE))
            return True
        for loss in counted:
            killed(loss)
        left.path.unlink(missing_ok=True)
        return True

    def _written(self, contents: Contents) -> list[Loss]:
        """Count what is owed, and return what was held and is lost; all of it is committed, or nothing."""
        with self._engine.begin() as connection:
            begin_writing(connection)
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


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep others from making files, or looking for them, in the block: who sees one that is not locked may take it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _left(folder: Path) -> Iterator[Left]:
    for path in sorted(folder.glob(f"*{_ENDING}")):
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # its owner lives, or another takes it
                os.close(descriptor)
                continue
            if os.fstat(descriptor).st_nlink:
                yield Left(path, descriptor)
            else:  # another has taken it
                os.close(descriptor)


def _made(folder: Path, held: int, journal: bytes) -> Owed:
    """Make a file; its lock ends with this process. Raises OSError when it cannot be."""
    path = folder / f"{os.getpid()}_{uuid4().hex}{_ENDING}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return Owed(path, descriptor, held, journal)
    except OSError:
        path.unlink(missing_ok=True)
        os.close(descriptor)
        raise


def _bytes_of(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read()
