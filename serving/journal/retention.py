"""What of a journal is too old, or too much, and how it goes: the oldest first, some at a time, with their labels.

What goes is found outside of the transaction in which it goes: others write meanwhile.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, and_, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from serving.journal.compared import bytes_of_comparison
from serving.journal.engine import begin_writing
from serving.journal.schema import archives, labels, losses, predictions, removed, requests, shadows

_OVERHEAD = 200  # bytes of a request in PostgreSQL, its places in the indexes included, beside what it carries

_NOBODY = ""  # a request that there is not
_EMPTIED: dict[Table, dict[str, Any]] = {
    labels: {"request_id": _NOBODY, "label": "null", "who": None},
    shadows: {"request_id": _NOBODY, "version": "", "rows": 0, "places": None, "answers": "[]", "for_review": 0},
}
"""What becomes of the newest row when its request goes: SQLite would give its number to the next one, and whoever reads
on from a number, as a rollout does, would not see that one.
"""


class Batch(NamedTuple):
    """Rows that go together: `numbers` of a table, of the requests `ids`.

    `bytes` are those that they carry, 0 where nobody asked. Labels go up to number `last_label`;
    None: all of them.
    """

    table: Table
    numbers: Sequence[int]
    ids: Sequence[str]
    bytes: int
    last_label: int | None = None


def used(connection: Connection) -> int:
    """Return how many bytes a journal holds: in SQLite those of its pages in use, else what its rows carry."""
    if connection.dialect.name == "sqlite":
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    carried = int(connection.execute(select(func.coalesce(func.sum(_size(connection)), 0))).scalar_one())
    return carried + bytes_of_comparison(connection)


def _size(connection: Connection) -> ColumnElement[int]:
    c = requests.c
    kept = func.length if connection.dialect.name == "sqlite" else func.pg_column_size
    return kept(c.inputs) + func.coalesce(kept(c.numbers), 0) + kept(c.answers) + _OVERHEAD


def old(connection: Connection, before: float, most: int) -> Batch | None:
    """Return the oldest rows from before a moment, at most so many; None: there are none."""
    for table in (predictions, requests):
        c = table.c
        query = select(c.id, c.request_id, c.id * 0).where(c.time < before).order_by(c.time)
        if (found := _batch(connection, table, query, most)) is not None:
            return found
    return None


def oldest(connection: Connection, excess: int, most: int) -> Batch | None:
    """Return the oldest rows, as many as carry so many bytes, and at most so many; None: there are none."""
    for table in (predictions, requests):
        c = table.c
        size = _size(connection) if table is requests else c.id * 0 + _OVERHEAD
        query = select(c.id, c.request_id, size).order_by(c.id)
        if (found := _batch(connection, table, query, most, excess)) is not None:
            return found
    return None


def archived(connection: Connection, before: float, most: int) -> Batch | None:
    """Return the oldest requests that are in a file which was kept before a moment; None: there are none.

    Labels that came after the file was written stay: they belong to what it holds.
    """
    c, r = archives.c, requests.c
    first = select(func.min(r.id)).scalar_subquery()
    files = select(c.last, c.last_label).where(c.kept, c.time < before, c.last >= first).order_by(c.first).limit(1)
    part = connection.execute(files).first()
    if part is None:
        return None
    found = _batch(
        connection, requests, select(r.id, r.request_id, r.id * 0).where(r.id <= part.last).order_by(r.id), most
    )
    return None if found is None else found._replace(last_label=part.last_label)


def _batch(
    connection: Connection, table: Table, query: Select[Any], most: int, most_bytes: int | None = None
) -> Batch | None:
    """Return what a query finds, less the last row of the table: SQLite would give its number to the next one."""
    newest = select(func.max(table.c.id)).scalar_subquery()
    found = connection.execute(query.where(table.c.id < newest).limit(most)).all()
    if not found:
        return None
    if most_bytes is not None:
        sums = list(accumulate(int(one[2]) for one in found))
        found = found[: bisect_left(sums, most_bytes) + 1]
    numbers, ids, sizes = zip(*found, strict=True)
    return Batch(table, numbers, sorted(set(ids)), sum(map(int, sizes)))


def remove(connection: Connection, batch: Batch) -> None:
    """Remove rows with their labels and what shadows answered, within the connection's transaction.

    Of the newest label and the newest answer of a shadow the number stays, with nothing of what it was.
    """
    begin_writing(connection)
    table = batch.table
    went = connection.execute(delete(table).where(table.c.id.in_(batch.numbers))).rowcount
    _note(connection, table, went)
    for other, emptied in _EMPTIED.items():
        last = batch.last_label if other is labels else None
        _note(connection, other, _remove_of(connection, other, emptied, batch.ids, last))


def _remove_of(
    connection: Connection, table: Table, emptied: dict[str, Any], ids: Sequence[str], last: int | None
) -> int:
    """Remove what belongs to requests, up to number `last`, and return how many rows went."""
    c = table.c
    newest = connection.execute(select(func.max(c.id))).scalar()
    if newest is None:
        return 0
    number = c.id + 0  # not by this, but by the index of requests, are they found
    known = c.request_id.in_(ids) if last is None else and_(c.request_id.in_(ids), number <= last)
    went = connection.execute(delete(table).where(known, number < newest)).rowcount
    went += connection.execute(delete(table).where(c.request_id == _NOBODY, number < newest)).rowcount
    connection.execute(update(table).where(c.id == newest, known).values(emptied))
    return int(went)


def forget_losses(connection: Connection, before: float) -> None:
    """Remove counts of what was lost before a moment, but for the newest, within the connection's transaction."""
    newest = select(func.max(losses.c.id)).scalar_subquery()
    old_ones = delete(losses).where(losses.c.until < before, losses.c.id < newest)
    _note(connection, losses, connection.execute(old_ones).rowcount)


def _note(connection: Connection, table: Table, count: int) -> None:
    """Note how many rows of a table went: numbers that are missing since are no damage."""
    if not count:
        return
    query = update(removed).where(removed.c.name == table.name).values(rows=removed.c.rows + count)
    if not connection.execute(query).rowcount:
        connection.execute(insert(removed).values(name=table.name, rows=count))
