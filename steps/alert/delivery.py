"""One run's alert, and those that earlier runs could not deliver: each is told once, however many runs there are."""

import os
import socket
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Engine

from ml.reports.formats import timestamp
from schemas.alert import Alert, AlertRecord
from schemas.errors import AlertError
from schemas.timestamps import iso
from serving.journal import alerts
from serving.journal.alerts import Standing
from serving.journal.opened import opened

LEASE = 300.0
"""Seconds for one delivery: longer than an alerter may take, so that what two runs tell at once is told by one."""
_AT_ONCE = 5  # alerts of earlier runs that one run tries; each may take a minute

Post = Callable[[Alert], None]


def deliver(
    journal_url: str, alert: Alert | None, post: Post, again_after: float | None, lease: float = LEASE
) -> AlertRecord:
    """Send an alert unless the same was told, then what earlier runs could not send.

    Args:
        journal_url: Where it is noted what was told.
        alert: Of this run; None: its verdict is none of those that are told.
        post: Delivers one, or raises AlertError.
        again_after: Seconds after which an alarm that stays is told again; None: never.
        lease: Seconds after which another run takes over what this one began to send.

    Raises:
        DeploymentError: If the journal cannot be used: what must be told once is not told without it.
    """
    holder = f"{socket.gethostname()[:24]}-{os.getpid()}-{uuid4().hex[:12]}"
    with opened(journal_url) as engine:
        alerts.prepare(engine)
        record = _own(engine, alert, post, holder, again_after, lease)
        own = () if alert is None else (alert.key,)
        late = 0
        for key in alerts.waiting(engine, lease, but=own)[:_AT_ONCE]:
            earlier = alerts.claim_waiting(engine, key, holder, lease)
            late += earlier is not None and not _sent(engine, earlier, post, holder)
        return record.model_copy(update={"late": late, "waiting": len(alerts.waiting(engine, lease))})


def _own(
    engine: Engine, alert: Alert | None, post: Post, holder: str, again_after: float | None, lease: float
) -> AlertRecord:
    if alert is None:
        return AlertRecord(state="silent", why="the verdict is none of monitor.alert.verdicts")
    found = alerts.claim(engine, alert, holder, again_after, lease)
    if isinstance(found, Standing):
        if found.state == "sent":
            return AlertRecord(state="told_before", why=f"the same was told on {timestamp(iso(found.time))}")
        return AlertRecord(state="under_way", why="another run is telling the same")
    failure = _sent(engine, found, post, holder)
    if failure:
        return AlertRecord(state="failed", why=f"{failure}; the next run tries again")
    return AlertRecord(state="sent", why=found.subject)


def _sent(engine: Engine, alert: Alert, post: Post, holder: str) -> str:
    """Deliver what was claimed and note what came of it; return why it failed, nothing where it is done."""
    try:
        post(alert)
    except AlertError as error:
        alerts.note_failed(engine, alert.key, holder, str(error))
        return str(error)
    alerts.note_sent(engine, alert.key, holder)
    return ""
