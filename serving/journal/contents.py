"""What the file of a SQLite journal has of a journal's tables, asked without creating or changing anything."""

import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = ("labels", "predictions", "releases")
"""Without one of them a file is no journal; what else there is, a newer version adds to an older journal."""


def read_only(file: Path) -> sqlite3.Connection:
    """Open a journal's file for reading."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0, check_same_thread=False)


def found_tables(connection: sqlite3.Connection) -> set[str]:
    """Return which of a journal's tables are there."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in names if name in TABLES}


def is_emptied(file: Path) -> bool:
    """Say whether a file that is there has lost tables; not so where it cannot be read, or was never finished."""
    try:
        with closing(read_only(file)) as connection:
            return found_tables(connection) < set(TABLES) and not _is_unfinished(connection)
    except sqlite3.DatabaseError:
        return False


def is_unfinished(file: Path) -> bool:
    """Say whether the creation of a journal was cut off: some of its tables are there, none has a row.

    An earlier version made the tables one after another.
    """
    try:
        with closing(read_only(file)) as connection:
            return _is_unfinished(connection)
    except sqlite3.DatabaseError:
        return False


def _is_unfinished(connection: sqlite3.Connection) -> bool:
    found = found_tables(connection)
    if not found or found == set(TABLES):
        return False
    return not any(connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in found)


def format_in(file: Path) -> int | None:
    """Return the format that a journal's file says that it is of, None where that cannot be read, or is the first."""
    try:
        with closing(read_only(file)) as connection:
            found = connection.execute("SELECT max(version) FROM journal_format").fetchone()[0]
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    return found if isinstance(found, int) else None
