"""What is in a journal for the comparison of versions alone, how much that is, and how it goes.

Requests without an answer, and of each customer the first request. Without a rollout nobody needs them. While one runs,
what it has passed goes; which customers it has met it must know to its end.
"""

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, select, true

from schemas.rollout_state import Position
from serving.journal.engine import begin_writing
from serving.journal.schema import rollouts, routed_keys, unanswered

_MOST = 500  # rows of each table that go at once
_SLACK = 3600.0  # seconds: a shadow may have waited, and what its client got is looked up here
_ROW_BYTES = {unanswered: 150, routed_keys: 190}  # with their places in indexes: rather too much than too little


def bytes_of_comparison(connection: Connection) -> int:
    """Return about how many bytes of a journal are there for the comparison of versions alone."""
    counts = {table: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _ROW_BYTES}
    return sum(size * counts[table] for table, size in _ROW_BYTES.items())


def forget(engine: Engine) -> bool:
    """Remove some of what no comparison needs any more, and say whether more may be there.

    The newest request without an answer stays: SQLite would give its number to the next one.
    """
    with engine.connect() as connection:
        if not any(_found(connection)):
            return False
    with engine.begin() as connection:
        begin_writing(connection)
        numbers, keys = _found(connection)  # again: a rollout may have begun
        if numbers:
            connection.execute(delete(unanswered).where(unanswered.c.id.in_(numbers)))
        if keys:
            connection.execute(delete(routed_keys).where(routed_keys.c.key.in_(keys)))
    return len(numbers) == _MOST or len(keys) == _MOST


def _found(connection: Connection) -> tuple[list[int], list[str]]:
    position = connection.execute(select(rollouts.c.position).where(rollouts.c.running == 1)).scalar()
    passed = true() if position is None else _passed(Position.model_validate_json(position))
    newest = select(func.max(unanswered.c.id)).scalar_subquery()
    query = select(unanswered.c.id).where(unanswered.c.id < newest, passed).order_by(unanswered.c.id)
    numbers = list(connection.execute(query.limit(_MOST)).scalars())
    if position is not None:
        return numbers, []
    return numbers, list(connection.execute(select(routed_keys.c.key).limit(_MOST)).scalars())


def _passed(position: Position) -> ColumnElement[bool]:
    c = unanswered.c
    return and_(c.id <= position.low[unanswered.name], c.time < position.at[0] - _SLACK)
