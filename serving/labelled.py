"""The journal's reading end for labels: predictions with the latest label of each, version by version."""

import json
import time
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from ml.labelled import Labelled
from serving.store import labels, open_existing, predictions
from serving.window import MOST


def labelled(journal_url: str, rows: int | None = None, seconds: float | None = None) -> list[Labelled]:
    """Read the labelled predictions of every version that has some, the version with the newest one first.

    Args:
        journal_url: The model's journal.
        rows: Of each version at most so many, the newest predictions that have a label; None for no limit.
        seconds: Only those whose latest label arrived in the last so many seconds; None for no limit. At most `MOST`
            are read of a version in any case.

    Raises:
        DeploymentError: If there is no journal.
    """
    engine = open_existing(journal_url)
    try:
        with engine.connect() as connection:
            found = connection.execute(_query(rows, seconds)).all()
            groups = [list(group) for _, group in groupby(found, key=lambda row: row.version)]
            return [_of_version(connection, group) for group in sorted(groups, key=lambda group: -group[-1].id)]
    finally:
        engine.dispose()


def _query(rows: int | None, seconds: float | None) -> Select[Any]:
    said, given = labels.c, predictions.c
    latest = select(func.max(said.id)).group_by(said.request_id, said.row)
    place = func.row_number().over(partition_by=given.version, order_by=given.id.desc()).label("place")
    pairs = (
        select(given.id, given.version, given.time, given.answer, given.needs_review, said.label, place)
        .join(labels, (said.request_id == given.request_id) & (said.row == given.row))
        .where(said.id.in_(latest))
    )
    if seconds is not None:
        pairs = pairs.where(said.time >= time.time() - seconds)
    one = pairs.subquery().c
    query = select(one.id, one.version, one.time, one.answer, one.needs_review, one.label)
    return query.where(one.place <= (MOST if rows is None else min(rows, MOST))).order_by(one.version, one.id)


def _of_version(connection: Connection, found: list[Row[Any]]) -> Labelled:
    version, first = found[0].version, found[0].id
    since = (predictions.c.version == version) & (predictions.c.id >= first)
    count = select(func.count()).select_from(predictions).where(since)
    return Labelled(
        version=version,
        times=[row.time for row in found],
        answers=[json.loads(row.answer) for row in found],
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
