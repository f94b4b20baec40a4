"""The journal's reading end for labels: predictions with the latest label of each, version by version."""

import json
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from ml.monitoring.labelled import Labelled
from ml.predictions.codec import REVIEW
from serving.journal.exploded import Record, by_place, parse
from serving.journal.opened import opened
from serving.journal.predictions import MOST
from serving.journal.schema import labels, predictions, requests
from serving.journal.tables import format_of

_AT_ONCE = 500  # ids in one statement
_HELD = 16  # requests that are held as the database has them


class _Place(NamedTuple):
    """Where a labelled prediction is, in order of time: kept by request, or row by row, as all of format 1 are."""

    time: float
    by_request: bool
    id: int
    row: int


class _Pair(NamedTuple):
    """A labelled prediction and its latest label, as JSON."""

    place: _Place
    version: str
    label: str


def labelled(
    journal_url: str,
    rows: int | None = None,
    seconds: float | None = None,
    *,
    versions: int | None = None,
    always: str | None = None,
) -> list[Labelled]:
    """Read the labelled predictions of the versions that have some, the version with the newest one first.

    Args:
        journal_url: The model's journal.
        rows: Of each version at most so many, the newest predictions that have a label; None for no limit.
        seconds: Only those whose latest label arrived in the last so many seconds; None for no limit. At most `MOST`
            are read of a version in any case.
        versions: Of at most so many versions; None for no limit.
        always: A version that is among them if it has labels, however old they are.

    Raises:
        DeploymentError: If there is no journal, or it cannot be used.
    """
    since = None if seconds is None else time.time() - seconds
    most = MOST if rows is None else min(rows, MOST)
    with opened(journal_url) as engine, engine.connect() as connection:
        kinds = [False, True] if format_of(connection) > 1 else [False]
        wanted = _newest(connection, kinds, since, versions, always)
        pairs = sorted(pair for kind in kinds for pair in _pairs(connection, kind, since, wanted, most))
        pairs.sort(key=lambda pair: pair.version)
        groups = [list(group)[-most:] for _, group in groupby(pairs, key=lambda pair: pair.version)]
        groups.sort(key=lambda group: group[-1].place, reverse=True)
        return [_of_version(connection, group) for group in groups]


def _joined(by_request: bool, since: float | None) -> Select[Any]:
    """Return the query for predictions with the latest label of each."""
    own = labels.c
    latest = select(func.max(own.id)).group_by(own.request_id, own.row)
    table = requests if by_request else predictions
    mine = own.request_id == table.c.request_id
    found = select(table.c.id, own.row, table.c.version, table.c.time, own.label)
    found = found.join(labels, mine if by_request else mine & (own.row == predictions.c.row)).where(own.id.in_(latest))
    return found if since is None else found.where(own.time >= since)


def _newest(
    connection: Connection, kinds: Sequence[bool], since: float | None, most: int | None, always: str | None
) -> list[str]:
    """Return the versions to read: `always` first, then those with the newest labelled prediction."""
    newest: dict[str, float] = {}
    for kind in kinds:
        table = requests if kind else predictions
        latest = func.max(table.c.time)
        query = _joined(kind, since).with_only_columns(table.c.version, latest).group_by(table.c.version)
        for version, then in connection.execute(query):
            newest[version] = max(then, newest.get(version, then))
    ordered = sorted(newest, key=lambda version: (version == always, newest[version]), reverse=True)
    return ordered[:most]


def _pairs(
    connection: Connection, by_request: bool, since: float | None, versions: list[str], most: int
) -> Iterator[_Pair]:
    """Yield the newest labelled predictions, at most so many of each version."""
    table = requests if by_request else predictions
    order = (table.c.id.desc(), labels.c.row.desc())
    number = func.row_number().over(partition_by=table.c.version, order_by=order).label("number")
    one = _joined(by_request, since).where(table.c.version.in_(versions)).add_columns(number).subquery().c
    query = select(one.id, one.row, one.version, one.time, one.label).where(one.number <= most)
    for place, row, version, then, label in connection.execute(query):
        yield _Pair(_Place(then, by_request, place, row), version, label)


def _of_version(connection: Connection, pairs: list[_Pair]) -> Labelled:
    records = _records(connection, [pair.place for pair in pairs])
    known = [pair for pair in pairs if pair.place in records]
    found = [records[pair.place] for pair in known]
    count, handed_over = _since(connection, pairs[0])
    return Labelled(
        version=pairs[0].version,
        times=[pair.place.time for pair in known],
        records=found,
        labels=[_parsed(pair.label) for pair in known],
        needs_review=[record[REVIEW] for record in found],
        predictions=count,
        handed_over=handed_over,
    )


def _records(connection: Connection, places: list[_Place]) -> dict[_Place, Record]:
    """Return what was predicted at each place."""
    found: dict[_Place, Record] = {}
    wanted: dict[int, list[_Place]] = {}
    for place in places:
        if place.by_request:
            wanted.setdefault(place.id, []).append(place)
    for numbers in _parts(sorted(wanted)):
        for number, answers in _answers(connection, numbers):  # of each request only the labelled ones are kept
            found |= {place: answers[place.row] for place in wanted[number] if place.row in answers}
    rows = {place.id: place for place in places if not place.by_request}
    for numbers in _parts(sorted(rows)):
        kept = connection.execute(
            select(predictions.c.id, predictions.c.answer).where(predictions.c.id.in_(numbers))
        ).all()
        found |= {rows[one.id]: record for one, record in zip(kept, parse([one.answer for one in kept]), strict=True)}
    return found


def _answers(connection: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, dict[int, Record]]]:
    """Yield what was predicted in requests, by position among their instances."""
    c = requests.c
    query = select(c.id, c.rows, c.places, c.answers).where(c.id.in_(numbers))
    for number, rows, places, answers in connection.execution_options(yield_per=_HELD).execute(query):
        yield number, by_place(rows, places, answers)


def _since(connection: Connection, first: _Pair) -> tuple[int, int]:
    """Return how many predictions the version made from one on, and how many of them needed review."""
    count = handed_over = 0
    if format_of(connection) > 1:
        count, handed_over = _of_requests_since(connection, first)
    c, place = predictions.c, first.place
    later = c.time >= place.time if place.by_request else c.id >= place.id
    single = select(func.count()).select_from(predictions).where(c.version == first.version, later)
    count += connection.execute(single).scalar_one()
    handed_over += connection.execute(single.where(c.needs_review)).scalar_one()
    return count, handed_over


def _of_requests_since(connection: Connection, first: _Pair) -> tuple[int, int]:
    c, place = requests.c, first.place
    later = c.id > place.id if place.by_request else c.time >= place.time
    sums = select(func.coalesce(func.sum(c.rows), 0), func.coalesce(func.sum(c.for_review), 0))
    count, handed_over = connection.execute(sums.where(c.version == first.version, later)).one()
    if not place.by_request:
        return count, handed_over
    own = [one for _, all_of in _answers(connection, [place.id]) for row, one in all_of.items() if row >= place.row]
    return count + len(own), handed_over + sum(record[REVIEW] for record in own)


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _AT_ONCE):
        yield numbers[start : start + _AT_ONCE]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # written by somebody else's hand
        return text
