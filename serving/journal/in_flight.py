"""What is being written to a PostgreSQL journal, and may be committed though whoever began it is gone.

A database hears of a killed worker late: a COMMIT that it was sent goes through, also after a while where it waits for
a disk or another server. Until then nobody sees what is in it.
"""

import time

from sqlalchemy import Engine, text

from serving.journal.schema import losses, requests

_PAUSE = 0.005  # seconds between two looks
_WRITING = text(
    "SELECT virtualtransaction FROM pg_locks WHERE mode = 'RowExclusiveLock' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    f"AND relation IN (to_regclass('{requests.name}'), to_regclass('{losses.name}'))"
)


class StillWriting(Exception):
    """A transaction that was begun before has not ended yet."""

    def __init__(self) -> None:
        super().__init__("what was begun before is still being written by the database")


def await_writers(engine: Engine, seconds: float) -> None:
    """Wait until all who write requests or losses now have committed, or given up; who begins later is not waited for.

    Nobody waits for this call: it locks nothing. What a process wrote that is gone by now is visible afterwards, or
    never, for a COMMIT is sent once the database has answered what goes before.

    Args:
        engine: The journal; SQLite's lock makes this needless, and it returns at once.
        seconds: How long to wait at most.

    Raises:
        StillWriting: If one of them goes on for longer.
    """
    if engine.dialect.name != "postgresql":
        return
    until = time.monotonic() + seconds
    with engine.connect() as connection:
        before = set(connection.execute(_WRITING).scalars())
        while before:
            if time.monotonic() > until:
                raise StillWriting
            time.sleep(_PAUSE)
            before &= set(connection.execute(_WRITING).scalars())
