"""Takes out of a journal what it is not to hold any longer, in steps so small that no request waits for them."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from schemas.journal_spec import JournalSpec
from serving.journal import lease
from serving.journal.archiving import Archiving
from serving.journal.compared import bytes_of_comparison, forget
from serving.journal.engine import Synchronous, connect
from serving.journal.retention import Batch, archived, forget_losses, old, oldest, remove, used
from serving.journal.trouble import told

LEASE = "retention"
_LEASE_SECONDS = 300.0
_PAUSE = 60.0  # seconds between two looks
_GRACE = 3_600.0
_DAY = 86_400.0
_LOCK_TIMEOUT = 1.0  # seconds, in which it waits for a gap between requests and is in nobody's way
_STEP = 0.005  # seconds of work while SQLite's lock is held; it is held half of the time at most
_FEWEST, _MOST = 4, 500  # requests in a step
_REST = 20  # a look may take a twentieth of the time
_BROKE = "a look for what is old in the journal broke"
logger = logging.getLogger("bentoml.drivetrain")


class Maintenance:
    """One worker's part in it: of several, and of several services on one journal, one does it at a time.

    Args:
        journal_url: The journal.
        spec: What may stay.
        worker: Who this is.
        is_sound: Says whether the journal may be written to.
        synchronous: SQLite only: as the service writes.
        pause: Seconds between two looks.
        grace: Seconds that archived requests stay in the journal: for readers that began before.
    """

    def __init__(
        self,
        journal_url: str,
        spec: JournalSpec,
        worker: str,
        is_sound: Callable[[], bool] = lambda: True,
        synchronous: Synchronous = "NORMAL",
        pause: float = _PAUSE,
        grace: float = _GRACE,
    ) -> None:
        self._spec, self._worker, self._is_sound, self._pause = spec, worker, is_sound, pause
        self._grace, self._archiving = grace, Archiving(journal_url, spec)
        self._engine = connect(journal_url, synchronous, _LOCK_TIMEOUT)
        self._most, self._said, self._until = 16, "", 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to do, ever."""
        return self._spec.keep_days is not None or self._spec.max_bytes is not None

    def start(self) -> None:
        """Begin, if it is wanted."""
        if self.is_wanted:
            self._thread.start()

    def stop(self) -> None:
        """End after the step that is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        pause = self._pause
        while not self._stopped.wait(pause):
            began = time.monotonic()
            self._looked()
            pause = max(self._pause, _REST * (time.monotonic() - began))

    def _looked(self) -> None:
        try:
            self.look()
        except (SQLAlchemyError, OSError) as error:
            self._say(f"what is old cannot be taken out of the journal now: {told(error)}")
        except Exception:  # a defect of ours: the next look may find nothing of it
            if self._said != _BROKE:
                logger.exception(_BROKE)
            self._said = _BROKE
        else:
            self._said = ""

    def _say(self, what: str) -> None:
        if what != self._said:
            logger.warning(what)
        self._said = what

    def look(self) -> int:
        """Take out what is due, if nobody else does; return how many steps that took. Raises SQLAlchemyError."""
        if not self._is_sound() or not lease.take(self._engine, LEASE, self._worker, _LEASE_SECONDS):
            return 0
        self._until = time.monotonic() + _LEASE_SECONDS / 2  # the rest with the next look
        try:
            if self._spec.archive is None:
                return self._remove_old() + self._remove_excess()
            self._archiving.look(lambda: self._goes_on() and self._holds())
            return self._remove_archived()
        finally:
            if self._is_sound():
                lease.give_back(self._engine, LEASE, self._worker)

    def _remove_old(self) -> int:
        if self._spec.keep_days is None:
            return 0
        before, steps = time.time() - self._spec.keep_days * _DAY, 0
        while self._goes_on() and self._step(lambda connection: old(connection, before, self._most)):
            steps += 1
        with self._engine.begin() as connection:
            forget_losses(connection, before)
        return steps

    def _remove_archived(self) -> int:
        before, steps = time.time() - self._grace, 0
        while self._goes_on() and self._step(lambda connection: archived(connection, before, self._most)):
            steps += 1
        return steps

    def _remove_excess(self) -> int:
        if self._spec.max_bytes is None:
            return 0
        steps = self._forget() if self._used() > self._spec.max_bytes else 0
        with self._engine.connect() as connection:
            most = self._spec.max_bytes + bytes_of_comparison(connection)  # for what a rollout needs no request goes
        excess = self._used() - most
        while excess > 0 and self._goes_on():
            went = self._step(partial(oldest, excess=excess, most=self._most))
            if went is None:
                break
            steps += 1
            is_sqlite = self._engine.dialect.name == "sqlite"
            excess = self._used() - most if is_sqlite else excess - went.bytes
        return steps

    def _used(self) -> int:
        with self._engine.connect() as connection:
            return used(connection)

    def _forget(self) -> int:
        """Take out what was there for the comparison of versions, and is needed no more."""
        steps, is_more = 0, True
        while is_more and self._goes_on():
            is_more = forget(self._engine)
            steps += 1
            self._stopped.wait(_STEP)
        return steps

    def _holds(self) -> bool:
        """Have the lease longer, and the time until this look is to end."""
        self._until = time.monotonic() + _LEASE_SECONDS / 2
        return lease.take(self._engine, LEASE, self._worker, _LEASE_SECONDS)

    def _goes_on(self) -> bool:
        return not self._stopped.is_set() and self._is_sound() and time.monotonic() < self._until

    def _step(self, find: Callable[[Connection], Batch | None]) -> Batch | None:
        """Remove what is found, and leave the journal to requests for as long; return what went."""
        with self._engine.connect() as connection:
            batch = find(connection)
        if batch is None:
            return None
        began, worked = time.monotonic(), time.thread_time()  # the latter without waiting for the interpreter
        with self._engine.begin() as connection:
            remove(connection, batch)
        worked = time.thread_time() - worked
        self._most = max(_FEWEST, min(_MOST, int(self._most * _STEP / max(worked, _STEP / 2))))
        self._stopped.wait(max(_STEP, time.monotonic() - began))
        return batch
