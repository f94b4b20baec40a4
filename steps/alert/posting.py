"""Handing an alert to an alerter, of ours or of anybody, within a time that is known."""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from ml.monitoring.alert_text import plain_text, without_markup
from schemas.alert import Alert
from schemas.errors import AlertError, DrivetrainError
from steps.alert.alerter import AlertParameters

PATIENCE = 60.0
"""Seconds that an alerter may take: monitoring goes on without it."""
_PLAIN = ("drivetrain_log", "drivetrain_webhook", "drivetrain_email")


def poster(alerter: Any, patience: float = PATIENCE) -> Callable[[Alert], None]:
    """Return the function that posts an alert, which raises AlertError where that cannot be done.

    Args:
        alerter: A ZenML alerter: `post(message, params)`, which says by True that it is done.
        patience: Seconds that it may take. What it does beyond them is not known, and it is told again.
    """

    def post(alert: Alert) -> None:
        text = plain_text(alert)
        message = text if alerter.flavor in _PLAIN else without_markup(text)
        _within(lambda: alerter.post(message, AlertParameters(alert=alert)), patience)

    return post


def _within(call: Callable[[], Any], patience: float) -> None:
    """Call what may hang in a thread of its own, which has the step's context. Raises AlertError."""
    result: list[Any] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result.append(context.run(call))
        except Exception as error:  # an alerter may raise anything; a verdict must not go with it
            result.append(error)

    thread = threading.Thread(target=run, name="alerter", daemon=True)
    thread.start()
    thread.join(patience)
    if not result:
        raise AlertError(f"the alerter did not come to an end within {patience:g} s")
    if isinstance(result[0], Exception):
        raise AlertError(_reason(result[0])) from result[0]
    if result[0] is False:
        raise AlertError("the alerter says that it could not; why is in its log")


def _reason(error: Exception) -> str:
    """Return what ours say, and of others the kind alone: their words may hold an address that is a secret."""
    return str(error) if isinstance(error, DrivetrainError) else f"the alerter raised {type(error).__name__}"
