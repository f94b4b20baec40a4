"""What was archived and what is in the journal, as one stream: each prediction once, with its latest label."""

from collections.abc import Iterator

from sqlalchemy import Engine, select

from ml.io.objects.client import filesystem
from serving.journal import parquet
from serving.journal.parts import Part, parts
from serving.journal.schema import labels
from serving.journal.streamed import Labelled, Span, Streamed, parsed_label

_IDS = 500  # in one statement


class Everything:
    """What a journal and its archive hold now of a span; it may be gone through more than once.

    Raises:
        SQLAlchemyError, json.JSONDecodeError, Unreadable: While it is read.
        OSError: If a file of the archive cannot be read.
    """

    def __init__(self, engine: Engine, span: Span) -> None:
        self._engine, self._span = engine, span
        self._journal = Streamed(engine, span)
        with engine.connect() as connection:  # what is archived from now on is still in the journal for a while
            found = [part for part in parts(connection) if part.last <= self._journal.covered]
        self._parts = [part for part in found if _meets(part, span)]

    def __iter__(self) -> Iterator[list[Labelled]]:
        """Yield pieces, the oldest first."""
        for part in self._parts:
            files, path = filesystem(part.url)
            with files.open(path, "rb") as file:
                for piece in parquet.read(file):
                    yield self._with_late_labels(part, [one for one in piece if self._is_wanted(one)])
        yield from self._journal

    def _is_wanted(self, one: Labelled) -> bool:
        since, until = self._span
        time = one.predicted.time
        return (since is None or time >= since) and (until is None or time < until)

    def _with_late_labels(self, part: Part, piece: list[Labelled]) -> list[Labelled]:
        """Return a piece with labels that came after its file was written."""
        c, ids = labels.c, sorted({one.predicted.request_id for one in piece})
        latest: dict[tuple[str, int], tuple[str, float]] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(ids), _IDS):
                query = select(c.request_id, c.row, c.label, c.time).where(
                    c.request_id.in_(ids[start : start + _IDS]), c.id > part.last_label
                )
                for request_id, row, label, time in connection.execute(query.order_by(c.id)):
                    latest[request_id, row] = (label, time)
        if not latest:
            return piece
        return [_relabelled(one, latest.get((one.predicted.request_id, one.predicted.row))) for one in piece]


def _relabelled(one: Labelled, late: tuple[str, float] | None) -> Labelled:
    return one if late is None else one._replace(label=parsed_label(late[0]), label_time=late[1])


def _meets(part: Part, span: Span) -> bool:
    return (span.since is None or part.until >= span.since) and (span.until is None or part.since < span.until)
