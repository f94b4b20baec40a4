"""The thread of a worker that looks at the rollout that runs, and decides where no other worker's does."""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ml.rollouts.rollout import after_absence
from schemas.deploy_spec import DeploySpec
from serving.journal.compared import forget
from serving.journal.trouble import told
from serving.rollouts import record
from serving.rollouts.record import LEASE, Overtaken, Rollout
from serving.rollouts.steps import step

LOOK = 1.0  # seconds between two looks
_SOON = 0.1  # where more waits
_IDLE = 3.0  # times as long as a look took, before the next one: the processor is for those who want answers
_TIDIES = 60.0
_ABSENT = 3 * LEASE  # seconds without any controller that are no change of shifts, but an outage
_SPARE = 1.0  # seconds beyond its deadline and the wait for the journal until a request's outcome is there for certain
logger = logging.getLogger("bentoml.drivetrain")


class Controller:
    """Looks at the journal of one model.

    Attributes:
        seen: The rollout that runs, as it was at the last look; None where none does.

    Args:
        engine: The journal.
        worker: Who this is, for the lease.
        spec: Of the service: its deadline, and by what requests are routed.
        lock_timeout: Seconds that the journal may be waited for.
        is_damaged: Says whether the journal must not be written.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        engine: Engine,
        worker: str,
        spec: DeploySpec,
        lock_timeout: float = 5.0,
        is_damaged: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.seen: Rollout | None = None
        self._engine, self._worker, self._clock, self._is_damaged = engine, worker, clock, is_damaged
        self._horizon, self._by_key = horizon(spec, lock_timeout), spec.route_by is not None
        self._tidied, self._warned = 0.0, ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollouts", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; a step under way is finished."""
        self._stopped.set()
        self._thread.join()

    def look(self) -> bool:
        """Look once, and say whether more waits."""
        with self._engine.connect() as connection:
            self.seen = found = record.running(connection)
        if found is None:
            return self._tidy()
        now = self._clock()
        try:
            if self._was_absent(found, now):
                return True
            if not record.hold_lease(self._engine, found, self._worker, now):
                return False
            done = step(self._engine, found, self._horizon, self._clock, self._by_key)
        except Overtaken:
            return True
        if done.told is not None:
            logger.warning(done.told)
        return done.is_more or self._tidy()

    def _was_absent(self, found: Rollout, now: float) -> bool:
        """Take an outage out of the stage's time and say whether there was one: who serves looks, or another worker.

        The last lease tells, and ends with the same write. Raises Overtaken.
        """
        since = max(found.started if found.held_until is None else found.held_until, found.state.since)
        if now - since <= _ABSENT:
            return False
        state = after_absence(found.state, now - since)
        with self._engine.begin() as connection:
            record.change(connection, found, state=state, holder=self._worker, held_until=now + LEASE)
        return True

    def _run(self) -> None:
        is_more, took = False, 0.0
        while not self._stopped.wait(max(_SOON, _IDLE * took) if is_more else LOOK):
            began = time.perf_counter()
            is_more = self._looked()
            took = time.perf_counter() - began

    def _looked(self) -> bool:
        if self._is_damaged():
            return False
        try:
            is_more = self.look()
        except (SQLAlchemyError, OSError) as error:
            self._warn(f"the rollout cannot be looked at: {told(error)}")
        except Exception:  # a defect of ours: the rollout stays where it is, and the next look may find otherwise
            if self._warned != "a look at the rollout broke":
                logger.exception("a look at the rollout broke")
            self._warned = "a look at the rollout broke"
        else:
            self._warned = ""
            return is_more
        return False

    def _warn(self, what: str) -> None:
        if what != self._warned:
            logger.warning(what)
        self._warned = what

    def _tidy(self) -> bool:
        now = self._clock()
        if abs(now - self._tidied) < _TIDIES:
            return False
        is_more = forget(self._engine)
        self._tidied = 0.0 if is_more else now
        return is_more


def horizon(spec: DeploySpec, lock_timeout: float) -> float:
    """Return the seconds after its arrival within which a request's outcome is in the journal.

    What was refused is read by the other version, too, which begins before the deadline and may wait for lookups.
    """
    return spec.deadline + spec.lookup_seconds + lock_timeout + _SPARE
