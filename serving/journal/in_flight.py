"""What is being written to a PostgreSQL journal, and may be committed though whoever began it is gone.

A database hears of a killed worker late: a COMMIT that it was sent goes through, also after a while where it waits for
a disk or another server. Until then nobody sees what is in it.
"""

import time

from sqlalchemy import Connection, Engine, text

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


class Earlier:
    """Those who were writing when it was first looked, less those that have ended since; who begins later is none.

    What a process wrote that was gone by the first look is visible once none is left, or never, for a COMMIT is sent
    when the database has answered what goes before.

    Args:
        engine: The journal; SQLite's lock makes this needless, and nobody is waited for.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._left: set[str] | None = None  # None: not looked yet

    def wait(self, seconds: float) -> None:
        """Wait until they have committed, or given up. Nobody waits for this call: it locks nothing.

        Args:
            seconds: After which it is not looked again, the time for a connection included; it is looked once at least.

        Raises:
            StillWriting: If one of them goes on; the next call waits for those that are left.
        """
        if self._engine.dialect.name != "postgresql":
            return
        until = time.monotonic() + seconds
        with self._engine.connect() as connection:
            while self._are_left(connection):
                if time.monotonic() + _PAUSE > until:
                    raise StillWriting
                time.sleep(_PAUSE)

    def _are_left(self, connection: Connection) -> bool:
        now = set(connection.execute(_WRITING).scalars())
        self._left = now if self._left is None else self._left & now
        return bool(self._left)
