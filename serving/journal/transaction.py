"""One commit of the journal: a group of entries, all of them or none."""

import logging
from collections.abc import Sequence

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from serving.journal.engine import begin_writing
from serving.journal.held import missing
from serving.journal.insertion import add
from serving.journal.labels import record
from serving.journal.losses import Losses
from serving.journal.outcome import JournalError, Outcome, RowError
from serving.journal.trouble import is_of_the_journal, told
from serving.journal.waiting import Entry

logger = logging.getLogger("bentoml.drivetrain")


def commit(
    engine: Engine, group: Sequence[Entry], losses: Losses, gone: str | None = None, *, again: bool = False
) -> Outcome:
    """Write entries that somebody waits for, and counts of what was lost; return what became of each entry.

    Args:
        engine: The journal.
        group: The entries.
        losses: What of it is pending is written too.
        gone: What became of a journal that must not be written to; None while it may be.
        again: Whether it was tried before, and may be in the journal.
    """
    pending = losses if losses.are_pending else None
    if pending is None and not any(entry.is_awaited for entry in group):
        return [None] * len(group)
    if gone is not None:
        return JournalError(f"the journal is {gone}", is_certain=True)
    try:
        try:
            outcome = _committed(engine, group, pending, again=again)
        except IntegrityError:  # what a commit that was cut off wrote came through only now, and is seen from now on
            outcome = _committed(engine, group, pending, again=again)
    except SQLAlchemyError as error:
        return _error(error, is_certain=True)
    except _CutOff as error:
        return _error(error.why, is_certain=False)
    except Exception as error:  # the driver's own, of values that it cannot hold: the thread is to go on
        logger.exception("rows broke the journal's driver")
        return RowError(str(error))
    if pending is not None:
        pending.written()
    return outcome


class _CutOff(Exception):
    """A commit that was begun and not answered; `why` is what came instead."""

    def __init__(self, why: SQLAlchemyError) -> None:
        super().__init__(str(why))
        self.why = why


def _error(error: SQLAlchemyError, *, is_certain: bool) -> JournalError:
    kind = JournalError if is_of_the_journal(error) else RowError
    return kind(told(error), is_certain=is_certain)


def _committed(engine: Engine, group: Sequence[Entry], pending: Losses | None, *, again: bool) -> Outcome:
    is_begun = False
    try:
        with engine.begin() as connection:
            begin_writing(connection)
            outcome = _written(connection, group, again=again)
            if pending is not None:
                pending.write(connection)
            is_begun = engine.dialect.name != "sqlite"  # which answers here, and takes back a commit that fails
    except SQLAlchemyError as error:
        if is_begun:
            raise _CutOff(error) from error
        raise
    return outcome


def _written(connection: Connection, group: Sequence[Entry], *, again: bool) -> Outcome:
    awaited = [entry.is_awaited for entry in group]  # now that the wait for the lock is over
    written = [entry for entry, one in zip(group, awaited, strict=True) if one]
    mine = [entry.request for entry in written if entry.request is not None]
    add(connection, missing(connection, mine) if again and mine else mine)
    statuses = iter(record(connection, [entry.label for entry in written if entry.label is not None]))
    return [next(statuses) if one and entry.label else None for entry, one in zip(group, awaited, strict=True)]
