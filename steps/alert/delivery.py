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
from serving.journal.opened import opened
from serving.journal.told_alerts import Standing
from serving.journal.trouble import Unreadable, told

LEASE = 300.0
"""Seconds for one delivery: longer than an alerter may take, so that what two runs tell at once is told by one."""
_AT_ONCE = 5  # alerts of earlier runs that one run tries; each may take a minute

Post = Callable[[Alert], None]


class Sender(NamedTuple):
    """Who sends, how, and how long what was told, or begun, holds."""

    post: Post
    holder: str
    again_after: float | None
    lease: float


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
    sender = Sender(post, holder, again_after, lease)
    with opened(journal_url) as engine:
        alerts.prepare(engine)
        record = _own(engine, alert, sender)
    try:
        with opened(journal_url) as engine:
            failed = (alert.key,) if alert is not None and record.state == "failed" else ()
            return _with_earlier(record, engine, failed, sender)
    except DeploymentError as error:  # what became of the run's own alert is known
        return record.model_copy(update={"why": f"{record.why}; of earlier alerts nothing is known: {error}"})


def _own(engine: Engine, alert: Alert | None, sender: Sender) -> AlertRecord:
    if alert is None:
        return AlertRecord(state="silent", why="the verdict is none of monitor.alert.verdicts")
    found = alerts.claim(engine, alert, sender.holder, sender.again_after, sender.lease)
    if isinstance(found, Standing):
        if found.state == "sent":
            return AlertRecord(state="told_before", why=f"the same was told on {timestamp(iso(found.time))}")
        return AlertRecord(state="under_way", why="another run is telling the same")
    delivery = _delivered(engine, found, sender)
    if not delivery.done:
        return AlertRecord(state="failed", why=f"{delivery.why}; the next run tries again")
    return AlertRecord(state="sent", why="; ".join(filter(None, [found.subject, delivery.why])))


def _with_earlier(record: AlertRecord, engine: Engine, failed: Collection[str], sender: Sender) -> AlertRecord:
    """Send what earlier runs could not, but for what this one has just failed with; return the record with that."""
    _post, holder, again_after, lease = sender
    late, lost = 0, []
    for key in alerts.waiting(engine, lease, but=failed)[:_AT_ONCE]:
        try:
            earlier = alerts.claim_waiting(engine, key, holder, again_after, lease)
        except Unreadable as error:
            lost.append(f"{error}, and is not sent")
            continue
        late += earlier is not None and _delivered(engine, earlier, sender).done
    changed = {"why": "; ".join([record.why, *lost]), "late": late, "waiting": len(alerts.waiting(engine, lease))}
    return record.model_copy(update=changed)


def _delivered(engine: Engine, alert: Alert, sender: Sender) -> Delivery:
    """Deliver what was claimed, and note what came of it."""
    try:
        sender.post(alert)
    except AlertError as error:
        alerts.note_failed(engine, alert.key, sender.holder, str(error))
        return Delivery(False, str(error))
    try:
        alerts.note_sent(engine, alert.key, sender.holder)
    except SQLAlchemyError as error:
        return Delivery(True, f"the journal could not note that, so it is sent once more: {told(error)}")
    return Delivery(True)
