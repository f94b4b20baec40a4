"""The one place where a step asks the stack for its alerter, and what the step and an alerter of ours agree on."""

from typing import Any

from zenml.alerter.base_alerter import BaseAlerterStepParameters

from schemas.alert import Alert


class AlertParameters(BaseAlerterStepParameters):
    """The alert itself, for alerters that can do more with it than with its text; others take no notice of it."""

    alert: Alert


def alerter() -> Any:
    """Return the active stack's alerter.

    Raises:
        AlertError: If the stack has none.
    """
    from zenml.client import Client

    from schemas.errors import AlertError

    found = Client().active_stack.alerter
    if found is None:
        raise AlertError("the stack has no alerter any more")
    return found
