"""The journal's reading end for what it lacks: requests that were answered and not kept."""

import time
from collections import Counter

from sqlalchemy import inspect, select

from schemas.monitoring import Lost
from schemas.timestamps import iso
from serving.journal.loss import Loss
from serving.journal.opened import opened
from serving.journal.predictions import Window
from serving.journal.schema import losses


def lost(journal_url: str, since: float, version: str | None = None) -> list[Loss]:
    """Return what is missing in the journal from a time on.

    Args:
        journal_url: The model's journal.
        since: Seconds since the epoch; a count that began before is among them if it ended later.
        version: Only this version's; None for all.

    Raises:
        DeploymentError: If there is no journal, or it cannot be used.
    """
    c = losses.c
    query = select(c.since, c.until, c.version, c.requests, c.rows, c.reason).where(c.until >= since).order_by(c.since)
    if version is not None:
        query = query.where(c.version == version)
    with opened(journal_url) as engine, engine.connect() as connection:
        if not inspect(connection).has_table(losses.name):
            return []
        return [Loss(*row) for row in connection.execute(query)]


def lost_beside(journal_url: str, found: Window, seconds: float | None, version: str) -> Lost | None:
    """Return what a window of a version's predictions lacks, None where it is whole.

    Args:
        journal_url: The model's journal.
        found: The window.
        seconds: Its span until now; None: from its first row on.
        version: The version.

    Raises:
        DeploymentError: If there is no journal, or it cannot be used.
    """
    since = time.time() - seconds if seconds is not None else found.times[0] if found.times else 0.0
    counts = lost(journal_url, since, version)
    if not counts:
        return None
    reasons: Counter[str] = Counter()
    for one in counts:
        reasons[one.reason] += one.requests
    return Lost(
        requests=reasons.total(),
        rows=sum(one.rows for one in counts),
        first=iso(min(one.since for one in counts)),
        last=iso(max(one.until for one in counts)),
        reasons=dict(sorted(reasons.items())),
    )
