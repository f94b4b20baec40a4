"""Alerts in the journal: of runs that want to tell the same, one does; what was not delivered waits for the next run.

A row goes from `claimed` to `sent`, or to `failed`. A claim has a lease: whoever died between claim and delivery is
followed by another. What was delivered, and not noted as sent before its process died, is delivered once more, under
the same id.
"""

import time
from collections.abc import Collection
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from schemas.alert import Alert
from serving.journal.engine import begin_writing
from serving.journal.schema import alerts
from serving.journal.tables import add_table
from serving.journal.trouble import Unreadable

_KEPT = 90 * 86400.0  # seconds that a row stays after it was sent last, if nobody wants to know that any more
_LATEST = 10  # so many times a span into the future a clock was ahead, and was set back
_c = alerts.c


class Standing(NamedTuple):
    """Why an alert is not to be sent now: the same was sent, or is being sent, at `time` (seconds since the epoch)."""

    state: Literal["sent", "claimed"]
    time: float


def prepare(engine: Engine) -> None:
    """Create the table in a journal that was made before there were alerts. Raises SQLAlchemyError."""
    add_table(engine, alerts)


def claim(engine: Engine, alert: Alert, holder: str, again_after: float | None, lease: float) -> Alert | Standing:
    """Take on the delivery of an alert, or say why it is not to be sent.

    Args:
        engine: The journal, with the table.
        alert: What is to be told; what else was to be told under its key, and was not, gives way to it.
        holder: Who takes it on.
        again_after: Seconds after which what was sent is told again; None: never.
        lease: Seconds after which another may take it on, unless it is noted as sent or failed.

    Returns:
        The alert with its id and how often it was told before.

    Raises:
        SQLAlchemyError: If the journal cannot be written.
    """
    now = time.time()
    due = or_(_unsent(now, lease), *([] if again_after is None else [_told_long_ago(now, again_after)]))
    values = {
        "version": alert.version,
        "verdict": alert.verdict,
        "state": "claimed",
        "holder": holder,
        "until": now + lease,
        "alert": alert.model_dump_json(),
    }
    with engine.begin() as connection:
        begin_writing(connection)
        _remove_old(connection, now, again_after)
        is_mine = bool(connection.execute(update(alerts).where(_c.key == alert.key, due).values(values)).rowcount)
        found = _row(connection, alert.key)
    if found is None:
        try:
            with engine.begin() as connection:
                connection.execute(insert(alerts).values(key=alert.key, told=0, **values))
            return _numbered(alert, 0)
        except IntegrityError:  # somebody was faster
            with engine.connect() as connection:
                found = _row(connection, alert.key)
    if is_mine and found is not None:
        return _numbered(alert, found.told)
    return _standing(found, now)


def waiting(engine: Engine, lease: float, but: Collection[str] = ()) -> list[str]:
    """Return the keys of alerts that earlier runs could not deliver, those that were tried longest ago first.

    Args:
        engine: The journal.
        lease: As `claim` has it.
        but: Keys that are left out.
    """
    query = select(_c.key).where(_unsent(time.time(), lease)).order_by(_c.until, _c.key)
    with engine.connect() as connection:
        return [key for (key,) in connection.execute(query) if key not in but]


def claim_waiting(engine: Engine, key: str, holder: str, lease: float) -> Alert | None:
    """Take on the delivery of what an earlier run could not deliver; None: somebody else has it.

    Raises:
        SQLAlchemyError: If the journal cannot be written.
        Unreadable: If the row holds no alert that is known here. It is gone then: it would stand in the way of the
            same alarm, and of every run that comes.
    """
    now = time.time()
    query = update(alerts).where(_c.key == key, _unsent(now, lease))
    with engine.begin() as connection:
        begin_writing(connection)
        if not connection.execute(query.values(state="claimed", holder=holder, until=now + lease)).rowcount:
            return None
        found = connection.execute(select(alerts).where(_c.key == key)).one()
    try:
        return _numbered(Alert.model_validate_json(found.alert), found.told)
    except ValidationError:
        with engine.begin() as connection:
            connection.execute(delete(alerts).where(_c.key == key, _c.holder == holder))
        raise Unreadable(f"an earlier alert ({found.verdict}, version {found.version}) cannot be read") from None


def note_sent(engine: Engine, key: str, holder: str) -> None:
    """Note that the holder of a claim has delivered it. Raises SQLAlchemyError."""
    _note(engine, key, holder, {"state": "sent", "time": time.time(), "told": _c.told + 1, "why": None})


def note_failed(engine: Engine, key: str, holder: str, why: str) -> None:
    """Note that the holder of a claim could not deliver it, so that the next run tries. Raises SQLAlchemyError."""
    _note(engine, key, holder, {"state": "failed", "until": time.time(), "why": why})


def _note(engine: Engine, key: str, holder: str, values: dict[str, Any]) -> None:
    mine = and_(_c.key == key, _c.holder == holder, _c.state == "claimed")
    with engine.begin() as connection:
        connection.execute(update(alerts).where(mine).values(values))


def _unsent(now: float, lease: float) -> ColumnElement[bool]:
    lost = or_(_c.until < now, _c.until > now + _LATEST * lease)
    return or_(_c.state == "failed", and_(_c.state == "claimed", lost))


def _told_long_ago(now: float, again_after: float) -> ColumnElement[bool]:
    return and_(_c.state == "sent", or_(_c.time < now - again_after, _c.time > now + _LATEST * again_after))


def _remove_old(connection: Connection, now: float, again_after: float | None) -> None:
    if again_after is not None:
        old = now - max(_KEPT, again_after)
        connection.execute(delete(alerts).where(_c.state == "sent", _c.time < old))


def _row(connection: Connection, key: str) -> Any:
    return connection.execute(select(_c.state, _c.time, _c.until, _c.told).where(_c.key == key)).one_or_none()


def _standing(found: Any, now: float) -> Standing:
    if found is not None and found.state == "sent":
        return Standing("sent", found.time)
    return Standing("claimed", now)


def _numbered(alert: Alert, told: int) -> Alert:
    return alert.model_copy(update={"id": f"{alert.key}-{told + 1}", "told": told})
