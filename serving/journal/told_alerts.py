"""Whether an alert is told already: by itself, or by others of its model, version and verdict that name all of it.

Of many columns that drift some hover about their thresholds, so that no two windows name the same ones.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from schemas.alert import Alert

LATEST = 10
"""So many times a span into the future a clock was ahead, and was set back."""


class Standing(NamedTuple):
    """Why an alert is not to be sent now: the same was sent, or is being sent, at `time` (seconds since the epoch)."""

    state: Literal["sent", "claimed"]
    time: float


class Patience(NamedTuple):
    """What time it is, after how many seconds something is told again (None: never), and how long a claim holds."""

    now: float
    again_after: float | None
    lease: float

    def is_fresh(self, row: Any) -> bool:
        """Say whether what was sent is not to be told again yet."""
        if row.state != "sent" or self.again_after is None:
            return bool(row.state == "sent")
        return bool(self.now - self.again_after <= row.time <= self.now + LATEST * self.again_after)

    def is_under_way(self, row: Any) -> bool:
        """Say whether somebody is sending it."""
        return bool(row.state == "claimed" and self.now <= row.until <= self.now + LATEST * self.lease)


def standing(alert: Alert, rows: Sequence[Any], patience: Patience) -> Standing | None:
    """Return why an alert is not to be sent now, None where it is.

    Args:
        alert: What is to be told.
        rows: Of its version and verdict.
        patience: How long what was told, or begun, holds.
    """
    sent = [row for row in rows if patience.is_fresh(row)]
    if _names_all(sent, alert):
        return Standing("sent", max(row.time for row in sent))
    if _names_all([*sent, *filter(patience.is_under_way, rows)], alert):
        return Standing("claimed", patience.now)
    return None


def parsed(row: Any) -> Alert | None:
    """Return the alert of a row; None where it is none that is known here."""
    try:
        return Alert.model_validate_json(row.alert)
    except ValidationError:
        return None


def _names_all(rows: Iterable[Any], alert: Alert) -> bool:
    rows = list(rows)
    if any(row.key == alert.key for row in rows):
        return True
    others = [one for one in map(parsed, rows) if one is not None and one.model == alert.model]
    named = {name for one in others for name in one.changed}
    return bool(alert.changed) and named.issuperset(alert.changed)
