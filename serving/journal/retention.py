"""What of a journal is too old, or too much, and how it goes: the oldest first, some at a time, with their labels."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from serving.journal.schema import archives, labels, losses, predictions, removed, requests, shadows
from serving.journal.tables import begin_writing

_OVERHEAD = 200  # bytes of a request in PostgreSQL, its places in the indexes included, beside what it carries


def used(connection: Connection) -> int:
    """Return how many bytes a journal holds: in SQLite those of its pages in use, else what its requests carry."""
    if connection.dialect.name == "sqlite":
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    return int(connection.execute(select(func.coalesce(func.sum(_size()), 0))).scalar_one())


def _size() -> ColumnElement[int]:
    c = requests.c
    kept = func.pg_column_size
    return kept(c.inputs) + func.coalesce(kept(c.numbers), 0) + kept(c.answers) + _OVERHEAD


def remove_old(connection: Connection, before: float, most: int) -> int:
    """Remove rows from before a moment, at most so many requests, within the connection's transaction.

    Returns:
        How many rows went; 0: none is left.
    """
    begin_writing(connection)
    for table in (predictions, requests):
        c = table.c
        query = select(c.id, c.request_id).where(c.time < before, c.id < _newest(table)).order_by(c.time).limit(most)
        found = connection.execute(query).all()
        if found:
            _remove(connection, table, [one.id for one in found], sorted({one.request_id for one in found}))
            return len(found)
    return int(connection.execute(delete(losses).where(losses.c.until < before)).rowcount)


def remove_oldest(connection: Connection, most: int) -> int:
    """Remove the oldest requests, at most so many, within the connection's transaction.

    Returns:
        How many bytes they had; in SQLite, where pages count, how many they were. 0: nothing went.
    """
    begin_writing(connection)
    is_sqlite = connection.dialect.name == "sqlite"
    for table in (predictions, requests):
        c = table.c
        size = _size() if table is requests and not is_sqlite else c.id * 0 + 1
        query = select(c.id, c.request_id, size).where(c.id < _newest(table)).order_by(c.id).limit(most)
        found = connection.execute(query).all()
        if found:
            _remove(connection, table, [one.id for one in found], sorted({one.request_id for one in found}))
            return sum(int(one[2]) for one in found)
    return 0


def remove_archived(connection: Connection, before: float, most: int) -> int:
    """Remove requests that are in a file which was kept before a moment, within the connection's transaction.

    Labels that came after the file was written stay: they belong to what it holds.

    Returns:
        How many requests went, at most `most`; 0: none is left.
    """
    begin_writing(connection)
    c, r = archives.c, requests.c
    first = select(func.min(r.id)).scalar_subquery()
    oldest = select(c.last, c.last_label).where(c.kept, c.time < before, c.last >= first).order_by(c.first).limit(1)
    part = connection.execute(oldest).first()
    if part is None:
        return 0
    query = select(r.id, r.request_id).where(r.id <= part.last, r.id < _newest(requests)).order_by(r.id).limit(most)
    found = connection.execute(query).all()
    if found:
        known = min(part.last_label, (connection.execute(select(func.max(labels.c.id))).scalar() or 0) - 1)
        ids = sorted({one.request_id for one in found})
        _remove(connection, requests, [one.id for one in found], ids, last_label=known)
    return len(found)


def _newest(table: Table) -> ColumnElement[int]:
    """Return the number of the last row, which stays: SQLite would give its number to the next one."""
    return select(func.max(table.c.id)).scalar_subquery()


def _remove(
    connection: Connection, table: Table, numbers: Sequence[int], ids: Sequence[str], last_label: int | None = None
) -> None:
    connection.execute(delete(table).where(table.c.id.in_(numbers)))
    _note(connection, table, len(numbers))
    for other in (labels, shadows):
        query = delete(other).where(other.c.request_id.in_(ids))
        if other is labels and last_label is not None:
            query = query.where(labels.c.id <= last_label)
        if went := connection.execute(query).rowcount:
            _note(connection, other, went)


def _note(connection: Connection, table: Table, count: int) -> None:
    """Note how many rows of a table went: numbers that are missing since are no damage."""
    query = update(removed).where(removed.c.name == table.name).values(rows=removed.c.rows + count)
    if not connection.execute(query).rowcount:
        connection.execute(insert(removed).values(name=table.name, rows=count))
