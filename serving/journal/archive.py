"""Requests out of the journal into Parquet files: each in one file that counts, whenever the process that writes dies.

A file is noted in the journal before it is begun, under a name that no other has. It counts from the moment on in which
the journal says that it is kept, which is one transaction; until then its requests are read in the journal, and then no
longer, so that they may go in small steps. What was begun and not kept is removed by the next one who archives.
"""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from ml.io.new_output import new_output
from ml.io.objects.client import filesystem
from ml.io.objects.location import child_url, is_object_url
from schemas.errors import ContentError
from schemas.timestamps import iso
from serving.journal import parquet
from serving.journal.compared import bytes_of_comparison
from serving.journal.parts import Part, covered, parts
from serving.journal.retention import used
from serving.journal.schema import archives, requests
from serving.journal.streamed import Span, Streamed

_REQUESTS, _ROWS = 5_000, 50_000  # of a file
_SETTLED = 60.0  # seconds after which no transaction that began with a lower number is under way
_MANIFEST = ".json"
_GIVEN_UP = -1  # requests of a file


class Due(NamedTuple):
    """What goes to files: what was answered before a moment, and the oldest beyond so many bytes; None: neither."""

    before: float | None
    most_bytes: int | None


def archive(engine: Engine, folder: str, due: Due) -> Iterator[Part]:
    """Write what is due to files, and yield each once it counts. The caller holds the lease.

    Args:
        engine: The journal.
        folder: Where the files are to be: a path, or a URL that fsspec knows.
        due: What is to go.

    Raises:
        SQLAlchemyError: If the journal cannot be used.
        OSError, ContentError, StorageError: If the folder cannot be written.
    """
    _clear(engine)
    settled = time.time() - _SETTLED
    before = settled if due.before is None else min(due.before, settled)
    if due.before is not None:
        while (part := _next(engine, folder, before)) is not None:
            yield part
    if due.most_bytes is not None:
        with engine.connect() as connection:
            excess, share = _excess(connection, due.most_bytes)
        while excess > 0 and (part := _next(engine, folder, settled)) is not None:
            excess -= share * part.requests
            yield part


def _excess(connection: Connection, most_bytes: int) -> tuple[float, float]:
    """Return how many bytes are too many once what is archived has gone, and the share of one request.

    That is of all that goes with one: its labels, what shadows answered, its places in indexes and pages. What is there
    for the comparison of versions goes by itself.
    """
    c = requests.c
    there = int(connection.execute(select(func.count(c.id))).scalar_one())
    left = int(connection.execute(select(func.count(c.id)).where(c.id > covered(connection))).scalar_one())
    if not there:
        return 0.0, 0.0
    share = max(used(connection) - bytes_of_comparison(connection), 0) / there
    return share * left - most_bytes, share


def _next(engine: Engine, folder: str, before: float) -> Part | None:
    """Archive the oldest requests that are not archived yet, if they were answered before a moment."""
    with engine.connect() as connection:
        found = _oldest(connection, before)
    if not found:
        return None
    numbers = found[0].id, found[-1].id
    pieces = Streamed(engine, Span(), numbers)
    times = [one.time for one in found]
    url = child_url(folder, f"requests-{numbers[0]:012}-{numbers[1]:012}-{uuid4().hex[:12]}.parquet")
    noted = Part(0, url, *numbers, pieces.last_label, len(found), min(times), max(times))
    with engine.begin() as connection:
        row = noted._asdict() | {"kept": False, "time": time.time()}
        row.pop("id")
        number = connection.execute(insert(archives).values(row)).inserted_primary_key
    assert number is not None, "a number is given to every row"
    part = noted._replace(id=int(number[0]))
    rows = _stored(url, pieces)
    _store(f"{url}{_MANIFEST}", lambda file: file.write(_manifest(part, rows)))
    with engine.begin() as connection:
        kept = update(archives).where(*_begun(part)).values(kept=True, time=time.time())
        if connection.execute(kept).rowcount == 1:
            return part
    _remove(url)  # another one took us for dead
    return None


def _stored(url: str, pieces: Streamed) -> int:
    """Write a file of predictions: one value that has no place in its column must not keep all others back."""
    try:
        return int(_store(url, lambda file: parquet.write(pieces, file, whole=True)))
    except parquet.Refused:
        return int(_store(url, lambda file: parquet.write(pieces, file, whole=True, typed=False)))


def _oldest(connection: Connection, before: float) -> list[Any]:
    """Return the requests that come next, in order, up to the first that is too young.

    One of a time to come, by a clock that was ahead, is due where one behind it is.
    """
    c, now = requests.c, time.time()
    due = None
    query = select(c.id, c.time, c.rows).where(c.id > covered(connection)).order_by(c.id).limit(_REQUESTS)
    found: list[Any] = []
    total = 0
    for one in connection.execute(query):
        total += one.rows
        if found and total > _ROWS:
            break
        if one.time >= before:
            due = _last_due(connection, before) if due is None else due
            if one.time <= now or one.id > due:
                break
        found.append(one)
    return found


def _last_due(connection: Connection, before: float) -> int:
    return int(connection.execute(select(func.max(requests.c.id)).where(requests.c.time < before)).scalar() or 0)


def _manifest(part: Part, rows: int) -> bytes:
    content = {
        "format": 1,
        "file": part.url.rpartition("/")[2],
        "requests": part.requests,
        "rows": rows,
        "first": part.first,
        "last": part.last,
        "since": iso(part.since),
        "until": iso(part.until),
    }
    return f"{json.dumps(content, indent=1)}\n".encode()


def _store(url: str, write: Any) -> Any:
    """Write a file, which is there whole afterwards; return what `write` does with its bytes' taker."""
    if "://" in url and not is_object_url(url):
        files, path = filesystem(url)
        with suppress(NotImplementedError):  # object stores have no folders
            files.makedirs(path.rpartition("/")[0], exist_ok=True)
        with files.open(path, "wb") as file:
            return write(file)
    if not is_object_url(url):
        _make(Path(url).parent)
    output = new_output(url)
    try:
        done = write(_Taker(output.file))
        output.prepare()
        output.publish()
    finally:
        output.abort()
    return done


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ContentError(f"the archive's folder {folder} cannot be made: {error.strerror}") from error


class _Taker:
    """A file that whoever writes to it does not close."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return (lambda: None) if name == "close" else getattr(self._file, name)


def _begun(part: Part) -> tuple[ColumnElement[bool], ...]:
    """Return what finds a file's row as long as it is not kept, nor given up; numbers alone come again."""
    c = archives.c
    return c.id == part.id, c.url == part.url, c.kept.is_(False), c.requests == part.requests


def _clear(engine: Engine) -> None:
    """Remove what somebody began and did not finish; from the moment that it is given up he cannot keep it."""
    with engine.connect() as connection:
        begun = parts(connection, kept=False)
    for part in begun:
        given_up = part._replace(requests=_GIVEN_UP)
        with engine.begin() as connection:
            giving_up = update(archives).where(*_begun(part)).values(requests=_GIVEN_UP)
            if connection.execute(giving_up).rowcount != 1:
                continue
        _remove(part.url)
        with engine.begin() as connection:
            connection.execute(delete(archives).where(*_begun(given_up)))


def _remove(url: str) -> None:
    files, path = filesystem(url)
    for name in (f"{path}{_MANIFEST}", path):
        with suppress(FileNotFoundError):
            files.rm_file(name)
