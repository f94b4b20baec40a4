"""One run's alert, and those that earlier runs could not deliver: each is told once, however many runs there are."""

import os
import socket
from collections.abc import Callable, Collection
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ml.reports.formats import timestamp
from schemas.alert import Alert, AlertRecord
from schemas.errors import AlertError, DeploymentError
from schemas.timestamps import iso
from serving.journal import alerts
from serving.journal.alerts import Standing
from serving.journal.opened import opened
from serving.journal.trouble import Unreadable, told

LEASE = 300.0
"""Seconds for one delivery: longer than an alerter may take, so that what two runs tell at once is told by one."""
_AT_ONCE = 5  # alerts of earlier runs that one run tries; each may take a minute

Post = Callable[[Alert], None]


class Delivery(NamedTuple):
    """Whether an alert was delivered, and what is to be said of that."""

    done: bool
    why: str = ""


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
    try:
        with opened(journal_url) as engine:
            return _with_earlier(record, engine, () if alert is None else (alert.key,), post, holder, lease)
    except DeploymentError as error:  # what became of the run's own alert is known
        return record.model_copy(update={"why": f"{record.why}; of earlier alerts nothing is known: {error}"})


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
    delivery = _delivered(engine, found, post, holder)
    if not delivery.done:
        return AlertRecord(state="failed", why=f"{delivery.why}; the next run tries again")
    return AlertRecord(state="sent", why="; ".join(filter(None, [found.subject, delivery.why])))


def _with_earlier(
    record: AlertRecord, engine: Engine, own: Collection[str], post: Post, holder: str, lease: float
) -> AlertRecord:
    """Send what earlier runs could not; return the record with what came of that."""
    late, lost = 0, []
    for key in alerts.waiting(engine, lease, but=own)[:_AT_ONCE]:
        try:
            earlier = alerts.claim_waiting(engine, key, holder, lease)
        except Unreadable as error:
            lost.append(f"{error}, and is not sent")
            continue
        late += earlier is not None and _delivered(engine, earlier, post, holder).done
    changed = {"why": "; ".join([record.why, *lost]), "late": late, "waiting": len(alerts.waiting(engine, lease))}
    return record.model_copy(update=changed)


def _delivered(engine: Engine, alert: Alert, post: Post, holder: str) -> Delivery:
    """Deliver what was claimed, and note what came of it."""
    try:
        post(alert)
    except AlertError as error:
        alerts.note_failed(engine, alert.key, holder, str(error))
        return Delivery(False, str(error))
    try:
        alerts.note_sent(engine, alert.key, holder)
    except SQLAlchemyError as error:
        return Delivery(True, f"the journal could not note that, so it is sent once more: {told(error)}")
    return Delivery(True)
