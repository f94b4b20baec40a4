"""The files that requests were archived to, as the journal knows them: what counts is what is `kept` here."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, func, inspect, select

from serving.journal.schema import archives


class Part(NamedTuple):
    """One file: requests number `first` to `last`, with labels up to number `last_label`."""

    id: int
    url: str
    first: int
    last: int
    last_label: int
    requests: int
    since: float
    until: float


def parts(connection: Connection, *, kept: bool = True) -> list[Part]:
    """Return the files in order; with `kept` false those that were begun and never finished."""
    if not inspect(connection).has_table(archives.name):
        return []
    c = archives.c
    columns: list[Any] = [c[name] for name in Part._fields]
    return [Part(*row) for row in connection.execute(select(*columns).where(c.kept == kept).order_by(c.first))]


def covered(connection: Connection) -> int:
    """Return the number up to which requests are archived; 0 where none is."""
    if not inspect(connection).has_table(archives.name):
        return 0
    return int(connection.execute(select(func.max(archives.c.last)).where(archives.c.kept)).scalar() or 0)
