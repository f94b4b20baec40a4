"""Alerts in the journal: of runs that want to tell the same, one does; what was not delivered waits for the next run.

A row goes from `claimed` to `sent`, or to `failed`. A claim has a lease: whoever died between claim and delivery is
followed by another. What was delivered, and not noted as sent before its process died, is delivered once more, under
the same id.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from schemas.alert import Alert
from serving.journal.engine import begin_writing
from serving.journal.schema import alerts
from serving.journal.tables import add_table
from serving.journal.told_alerts import LATEST, Patience, Standing, parsed, standing
from serving.journal.trouble import Unreadable

_KEPT = 90 * 86400.0  # seconds that a row stays after it was sent last, if nobody wants to know that any more
_CLAIMING = 0x616C_7274  # any number that others do not lock
_c = alerts.c


def prepare(engine: Engine) -> None:
    """Create the table in a journal that was made before there were alerts. Raises SQLAlchemyError."""
    add_table(engine, alerts)


def claim(engine: Engine, alert: Alert, holder: str, again_after: float | None, lease: float) -> Alert | Standing:
    """Take on the delivery of an alert, or say why it is not to be sent.

    Args:
        engine: The journal, with the table.
        alert: What is to be told; what was to be told under its key, and was not, gives way to it.
        holder: Who takes it on.
        again_after: Seconds after which what was sent is told again; None: never.
        lease: Seconds after which another may take it on, unless it is noted as sent or failed.

    Returns:
        The alert with its id and how often it was told before.

    Raises:
        SQLAlchemyError: If the journal cannot be written.
    """
    now = time.time()
    values = {
        "version": alert.version,
        "verdict": alert.verdict,
        "state": "claimed",
        "holder": holder,
        "until": now + lease,
        "alert": alert.model_dump_json(),
    }
    with engine.begin() as connection:
        _begin_claiming(connection)
        _remove_old(connection, now, again_after)
        noted = _of_its_kind(connection, alert)
        found = standing(alert, noted, Patience(now, again_after, lease))
        if found is not None:
            return found
        told = next((one.told for one in noted if one.key == alert.key), None)
        if told is None:
            connection.execute(insert(alerts).values(key=alert.key, told=0, **values))
        else:
            connection.execute(update(alerts).where(_c.key == alert.key).values(values))
    return _numbered(alert, told or 0)


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


def claim_waiting(engine: Engine, key: str, holder: str, again_after: float | None, lease: float) -> Alert | None:
    """Take on the delivery of what an earlier run could not deliver; None: somebody else has it, or all of it is told.

    Raises:
        SQLAlchemyError: If the journal cannot be written.
        Unreadable: If the row holds no alert that is known here. It is gone then: it would stand in the way of the
            same alarm, and of every run that comes.
    """
    now = time.time()
    with engine.begin() as connection:
        _begin_claiming(connection)
        found = connection.execute(select(alerts).where(_c.key == key, _unsent(now, lease))).one_or_none()
        if found is None:
            return None
        alert = parsed(found)
        if alert is None or _is_told(connection, alert, Patience(now, again_after, lease)):
            connection.execute(delete(alerts).where(_c.key == key))
        else:
            values = {"state": "claimed", "holder": holder, "until": now + lease}
            connection.execute(update(alerts).where(_c.key == key).values(values))
            return _numbered(alert, found.told)
    if alert is None:
        raise Unreadable(f"an earlier alert ({found.verdict}, version {found.version}) cannot be read")
    return None


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


def _begin_claiming(connection: Connection) -> None:
    """Let one claim at a time be made: whether something is told is a matter of all rows."""
    begin_writing(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CLAIMING)))


def _unsent(now: float, lease: float) -> ColumnElement[bool]:
    lost = or_(_c.until < now, _c.until > now + LATEST * lease)
    return or_(_c.state == "failed", and_(_c.state == "claimed", lost))


def _remove_old(connection: Connection, now: float, again_after: float | None) -> None:
    if again_after is not None:
        old = now - max(_KEPT, again_after)
        connection.execute(delete(alerts).where(_c.state == "sent", _c.time < old))


def _of_its_kind(connection: Connection, alert: Alert) -> Sequence[Any]:
    same = and_(_c.version == alert.version, _c.verdict == alert.verdict)
    return connection.execute(select(alerts).where(same)).all()


def _is_told(connection: Connection, alert: Alert, patience: Patience) -> bool:
    found = standing(alert, _of_its_kind(connection, alert), patience)
    return found is not None and found.state == "sent"


def _numbered(alert: Alert, told: int) -> Alert:
    return alert.model_copy(update={"id": f"{alert.key}-{told + 1}", "told": told})
