"""What was archived and what is in the journal, as one stream: each prediction once, with its latest label."""

from collections.abc import Iterator

from sqlalchemy import Engine, select

from ml.io.objects.client import filesystem
from ml.io.objects.errors import told_of_url
from schemas.errors import DeploymentError
from serving.journal import parquet
from serving.journal.flat import as_text, moment
from serving.journal.parts import Part, parts
from serving.journal.schema import labels
from serving.journal.streamed import Labelled, Span, Streamed, parsed_label
from serving.journal.trouble import Unreadable

_IDS = 500  # in one statement


class Everything:
    """What a journal and its archive hold now of a span; it may be gone through more than once.

    Raises:
        SQLAlchemyError, json.JSONDecodeError, Unreadable: While it is read.
        DeploymentError, StorageError: If a file of the archive cannot be read.
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
            for piece in _read(part):
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


def _read(part: Part) -> Iterator[list[Labelled]]:
    """Yield what a file holds. Raises DeploymentError, StorageError."""
    try:
        files, path = filesystem(part.url)
        with told_of_url(part.url, files), files.open(path, "rb") as file:
            yield from parquet.read(file)
    except FileNotFoundError as error:
        raise _lacking(part, "is not there") from error
    except Unreadable as error:
        raise _lacking(part, "is damaged") from error
    except (OSError, ImportError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DeploymentError(f"{_named(part)} cannot be read: {why}") from error


def _named(part: Part) -> str:
    return f"The archive's file {part.url}, of {part.requests:,} requests"


def _lacking(part: Part, what: str) -> DeploymentError:
    since, until = (as_text(moment(time)) for time in (part.since, part.until))
    help_ = "The journal is sound, and what the file holds is not in it: put a copy of the file in its place"
    return DeploymentError(
        f"{_named(part)}, {what}. {help_}. A span (--since, --until) without {since} to {until} is read without it"
    )


def _relabelled(one: Labelled, late: tuple[str, float] | None) -> Labelled:
    return one if late is None else one._replace(label=parsed_label(late[0]), label_time=late[1])


def _meets(part: Part, span: Span) -> bool:
    return (span.since is None or part.until >= span.since) and (span.until is None or part.since < span.until)
