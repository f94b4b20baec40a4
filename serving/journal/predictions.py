"""The journal's reading end: a window of predictions, and how many there are."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, func, select

from serving.journal.exploded import Predicted, newest
from serving.journal.opened import opened
from serving.journal.schema import predictions, requests
from serving.journal.tables import format_of

MOST = 100_000
"""Rows of a window: more of them show nothing new, and they are held in memory."""


@dataclass(frozen=True)
class Window:
    """Predictions in order of time, as columns of equal length.

    `times` are seconds since the epoch, `latencies` seconds, `inputs` the rows as they were sent, `records`
    what was predicted, as `ml.predictions.codec` writes it.
    """

    request_ids: list[str]
    rows: list[int]
    times: list[float]
    versions: list[str]
    inputs: list[dict[str, Any]]
    records: list[dict[str, Any]]
    confidences: list[float | None]
    needs_review: list[bool]
    latencies: list[float]

    def __len__(self) -> int:
        return len(self.request_ids)


def window(
    journal_url: str, rows: int | None = None, seconds: float | None = None, version: str | None = None
) -> Window:
    """Read the latest predictions.

    Args:
        journal_url: The model's journal.
        rows: At most so many, the newest; None for no limit.
        seconds: Only those of the last so many seconds; None for no limit. At most `MOST` rows are read in any case.
        version: Only this version's; None for all.

    Raises:
        DeploymentError: If there is no journal, or it cannot be used.
    """
    since = None if seconds is None else time.time() - seconds
    with opened(journal_url) as engine, engine.connect() as connection:
        return _columns(newest(connection, MOST if rows is None else min(rows, MOST), version, since))


def count(journal_url: str, version: str | None = None) -> int:
    """Return how many predictions the journal holds. Raises DeploymentError if there is none, or it cannot be used."""
    with opened(journal_url) as engine, engine.connect() as connection:
        queries: list[Select[Any]] = [_of(select(func.count()).select_from(predictions), predictions, version)]
        if format_of(connection) > 1:
            queries.append(_of(select(func.coalesce(func.sum(requests.c.rows), 0)), requests, version))
        return sum(int(connection.execute(query).scalar_one()) for query in queries)


def _of(query: Select[Any], table: Table, version: str | None) -> Select[Any]:
    return query if version is None else query.where(table.c.version == version)


def _columns(found: list[Predicted]) -> Window:
    columns = zip(*found, strict=True) if found else ([] for _ in Predicted._fields)
    return Window(*map(list, columns))
