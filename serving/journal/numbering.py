"""The numbers of a repaired journal: SQLite gives those of lost newest rows to the next ones, as if they were free."""

import sqlite3

from serving.journal.schema import archives, labels, losses, predictions, removed, requests, shadows

_COUNTED = (predictions, requests, shadows, labels, losses, archives)


def settle(connection: sqlite3.Connection) -> None:
    """Make the numbers that a new journal refers to those that it has, and commit.

    Its archive covers no number that a request to come will have, and no label to come is taken for one that is in a
    file. Numbers that are missing are no damage of this file: the next repair counts what it loses by itself.
    """
    for table, column in ((requests, archives.c.last), (labels, archives.c.last_label)):
        highest = f"(SELECT coalesce(max(id), 0) FROM {table.name})"
        connection.execute(f'UPDATE {archives.name} SET "{column.name}" = min("{column.name}", {highest})')
    for table in _COUNTED:
        (missing,) = connection.execute(f"SELECT coalesce(max(id), 0) - count(*) FROM {table.name}").fetchone()
        if missing > 0:
            connection.execute(
                f"INSERT OR REPLACE INTO {removed.name} (name, rows) VALUES (?, ?)", (table.name, missing)
            )
    connection.commit()
