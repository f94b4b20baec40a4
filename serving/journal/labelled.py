"""The journal's reading end for labels: predictions with the latest label of each, version by version."""

import json
import time
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select

from ml.monitoring.labelled import Labelled
from serving.journal.opened import opened
from serving.journal.predictions import MOST, parse
from serving.journal.tables import labels, predictions


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
    pairs = _pairs(seconds)
    with opened(journal_url) as engine, engine.connect() as connection:
        newest = list(connection.execute(_newest(pairs, versions, always)).scalars())
        found = connection.execute(_query(pairs, newest, rows)).all()
        groups = [list(group) for _, group in groupby(found, key=lambda row: row.version)]
        return [_of_version(connection, group) for group in sorted(groups, key=lambda group: -group[-1].id)]


def _pairs(seconds: float | None) -> Select[Any]:
    """Return the query for predictions with the latest label of each."""
    own, given = labels.c, predictions.c
    latest = select(func.max(own.id)).group_by(own.request_id, own.row)
    pairs = (
        select(given.id, given.version, given.time, given.answer, given.needs_review, own.label)
        .join(labels, (own.request_id == given.request_id) & (own.row == given.row))
        .where(own.id.in_(latest))
    )
    return pairs if seconds is None else pairs.where(own.time >= time.time() - seconds)


def _newest(pairs: Select[Any], versions: int | None, always: str | None) -> Select[Any]:
    """Return the query for the versions to read: `always` first, then those with the newest labelled prediction."""
    given = predictions.c
    others_last = case((given.version == always, 0), else_=1)
    found = pairs.with_only_columns(given.version).group_by(given.version)
    return found.order_by(others_last, func.max(given.id).desc()).limit(versions)


def _query(pairs: Select[Any], versions: list[str], rows: int | None) -> Select[Any]:
    given = predictions.c
    place = func.row_number().over(partition_by=given.version, order_by=given.id.desc()).label("place")
    one = pairs.where(given.version.in_(versions)).add_columns(place).subquery().c
    query = select(one.id, one.version, one.time, one.answer, one.needs_review, one.label)
    return query.where(one.place <= (MOST if rows is None else min(rows, MOST))).order_by(one.version, one.id)


def _of_version(connection: Connection, found: list[Row[Any]]) -> Labelled:
    version, first = found[0].version, found[0].id
    since = (predictions.c.version == version) & (predictions.c.id >= first)
    count = select(func.count()).select_from(predictions).where(since)
    return Labelled(
        version=version,
        times=[row.time for row in found],
        records=parse([row.answer for row in found]),
        labels=[_parsed(row.label) for row in found],
        needs_review=[row.needs_review for row in found],
        predictions=connection.execute(count).scalar_one(),
        handed_over=connection.execute(count.where(predictions.c.needs_review)).scalar_one(),
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # written by somebody else's hand
        return text
