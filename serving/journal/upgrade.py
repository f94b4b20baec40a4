"""What a journal of an earlier format, or version, lacks, and what stands in the way of it."""

from sqlalchemy import Connection, delete, exists, inspect
from sqlalchemy.schema import CreateIndex

from serving.journal.schema import IN_ORDER, LATER_COLUMNS, unanswered

_BEFORE = "unanswered_by_request"  # the index that this one takes the place of
(_ONCE,) = unanswered.indexes


def add_columns(connection: Connection) -> None:
    """Add to a journal of an earlier format the columns that it lacks."""
    known = {table: {one["name"] for one in inspect(connection).get_columns(table.name)} for table in IN_ORDER}
    for column in LATER_COLUMNS:
        if column.name not in known[column.table]:
            kind = column.type.compile(connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {column.name} {kind}")


def remove_repeated(connection: Connection) -> None:
    """Remove what stands twice in `unanswered`, if that may be, and create the index that forbids it.

    The newest stays: SQLite would give its number to the next one, which a rollout may have passed. It is to be called
    in a transaction of its own: who writes takes this table's lock behind those of others, which the creation of an
    index wants, too.
    """
    database, c = inspect(connection), unanswered.c
    if not database.has_table(unanswered.name) or not database.has_index(unanswered.name, _BEFORE):
        return
    if connection.dialect.name == "postgresql":  # others may still be writing
        connection.exec_driver_sql(f"LOCK TABLE {unanswered.name} IN ACCESS EXCLUSIVE MODE")
    newer = unanswered.alias()
    same = (newer.c.request_id == c.request_id) & (newer.c.status == c.status) & (newer.c.id > c.id)
    connection.execute(delete(unanswered).where(exists().where(same)))  # by the index of before
    connection.execute(CreateIndex(_ONCE, if_not_exists=True))
    connection.exec_driver_sql(f"DROP INDEX IF EXISTS {_BEFORE}")
