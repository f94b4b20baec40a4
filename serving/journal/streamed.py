"""The journal's reading end for all of it: predictions with their latest labels, in pieces, while a service goes on.

Each piece is read in a transaction of its own: one that lasts would keep SQLite's log, or PostgreSQL's dead rows, from
being cleared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from serving.journal.exploded import Predicted, predicted, predicted_singly
from serving.journal.parts import covered
from serving.journal.schema import labels, predictions, requests
from serving.journal.tables import format_of

_WITH_CIRCUMSTANCES = 3  # the format
_REQUESTS = 500
_ROWS = 10_000
"""A piece has at most so many requests, and of rows those of one request or so many."""


class Span(NamedTuple):
    """Seconds since the epoch: from `since` on, before `until`; None for no limit."""

    since: float | None = None
    until: float | None = None

    def of(self, table: Table) -> list[ColumnElement[bool]]:
        """Return the conditions for a table's rows."""
        found = [] if self.since is None else [table.c.time >= self.since]
        return found if self.until is None else [*found, table.c.time < self.until]


class Circumstances(NamedTuple):
    """How a request came, as `Request` has it; all None of one that an earlier format kept."""

    share: float | None = None
    trace: str | None = None
    flags: str | None = None


class Labelled(NamedTuple):
    """A prediction and the label that was reported last; `label_time` is None where none was."""

    predicted: Predicted
    label: Any
    label_time: float | None
    came: Circumstances = Circumstances()


Pieces = Iterable[list[Labelled]]


class Streamed:
    """What a journal holds now of a span: it may be gone through more than once, and later rows are not among it.

    What was archived is no part of it, whether or not it is in the journal still.

    Args:
        engine: The journal.
        span: Which predictions.
        numbers: Only requests of these numbers, the first and the last; None for all of the span.

    Raises:
        SQLAlchemyError, json.JSONDecodeError, Unreadable: While it is read.
    """

    def __init__(self, engine: Engine, span: Span, numbers: tuple[int, int] | None = None) -> None:
        self._engine, self._span = engine, span
        with engine.connect() as connection:
            self.last_label = int(connection.execute(select(func.max(labels.c.id))).scalar() or 0)
            self.covered, self._format = covered(connection), format_of(connection)
            if numbers is not None:
                self._ends = [(requests, *numbers)]
                return
            self._ends = [(predictions, *self._end(connection, predictions))]
            if self._format > 1:
                first, last = self._end(connection, requests)
                self._ends.append((requests, max(first, self.covered + 1), last))

    def __iter__(self) -> Iterator[list[Labelled]]:
        """Yield pieces, in the order in which the journal took them."""
        for table, first, last in self._ends:
            while first <= last:
                with self._engine.connect() as connection:
                    ids = self._ids(connection, table, first, last)
                    if not ids:
                        break
                    first = ids[-1] + 1
                    found = list(_read(connection, table, self._between(table, ids[0], ids[-1])))
                    piece = self._with_labels(connection, found, self._came(connection, table, ids))
                yield piece

    def _end(self, connection: Connection, table: Table) -> tuple[int, int]:
        """Return the first and the last number of the span."""
        query = select(func.min(table.c.id), func.max(table.c.id)).where(*self._span.of(table))
        first, last = connection.execute(query).one()
        return first or 0, last or -1

    def _between(self, table: Table, first: int, last: int) -> ColumnElement[bool]:
        return and_(table.c.id.between(first, last), *self._span.of(table))

    def _ids(self, connection: Connection, table: Table, first: int, last: int) -> list[int]:
        """Return the numbers of the next piece."""
        rows = table.c.rows if table is requests else table.c.row * 0 + 1
        query = select(table.c.id, rows).where(self._between(table, first, last)).order_by(table.c.id).limit(_REQUESTS)
        found: list[int] = []
        total = 0
        for number, count in connection.execute(query):
            total += count
            if found and total > _ROWS:
                break
            found.append(number)
        return found

    def _came(self, connection: Connection, table: Table, ids: Sequence[int]) -> dict[str, Circumstances]:
        """Return how the requests of a piece came, by their ids, of which there is something to say."""
        if table is not requests or self._format < _WITH_CIRCUMSTANCES:
            return {}
        c = requests.c
        said = or_(c.share.is_not(None), c.trace.is_not(None), c.flags.is_not(None))
        query = select(c.request_id, c.share, c.trace, c.flags).where(self._between(table, ids[0], ids[-1]), said)
        return {request_id: Circumstances(*row) for request_id, *row in connection.execute(query)}

    def _with_labels(
        self, connection: Connection, found: Sequence[Predicted], came: Mapping[str, Circumstances]
    ) -> list[Labelled]:
        c = labels.c
        ids = sorted({one.request_id for one in found})
        query = select(c.request_id, c.row, c.label, c.time).where(c.request_id.in_(ids), c.id <= self.last_label)
        latest = {(one, row): (label, time) for one, row, label, time in connection.execute(query.order_by(c.id))}
        unknown = Circumstances()
        labelled = ((one, *latest.get((one.request_id, one.row), (None, None))) for one in found)
        return [
            Labelled(one, parsed_label(label), time, came.get(one.request_id, unknown)) for one, label, time in labelled
        ]


def _read(connection: Connection, table: Table, condition: ColumnElement[bool]) -> Iterator[Predicted]:
    if table is predictions:
        yield from predicted_singly(connection, [condition], newest_first=False)
        return
    for rows in predicted(connection, [condition], newest_first=False):
        yield from rows


def parsed_label(text: str | None) -> Any:
    """Return a label that is kept as JSON, None where there is none."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:  # written by somebody else's hand
        return text
