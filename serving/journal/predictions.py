"""The journal's reading end: a window of predictions, and how many there are."""

import json
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Row

from serving.journal.opened import opened
from serving.journal.tables import predictions

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
    table = predictions.c
    query = select(
        table.request_id, table.row, table.time, table.version, table.inputs, table.answer,
        table.confidence, table.needs_review, table.latency,
    ).order_by(table.id.desc())  # fmt: skip
    if version is not None:
        query = query.where(table.version == version)
    if seconds is not None:
        query = query.where(table.time >= time.time() - seconds)
    query = query.limit(MOST if rows is None else min(rows, MOST))
    with opened(journal_url) as engine, engine.connect() as connection:
        return _columns(list(reversed(connection.execute(query).all())))


def count(journal_url: str, version: str | None = None) -> int:
    """Return how many predictions the journal holds. Raises DeploymentError if there is none, or it cannot be used."""
    query = select(func.count()).select_from(predictions)
    if version is not None:
        query = query.where(predictions.c.version == version)
    with opened(journal_url) as engine, engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def _columns(found: list[Row[Any]]) -> Window:
    request_ids, numbers, times, versions, inputs, records, confidences, reviews, latencies = (
        (list(column) for column in zip(*found, strict=True)) if found else ([] for _ in range(9))
    )
    return Window(request_ids, numbers, times, versions, parse(inputs), parse(records), confidences, reviews, latencies)


def parse(texts: list[str]) -> list[dict[str, Any]]:
    """Return what the journal keeps as JSON; one call is several times faster than one a row."""
    parsed: list[dict[str, Any]] = json.loads(f"[{','.join(texts)}]")
    return parsed
