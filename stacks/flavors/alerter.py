"""What our alerters share: they send, and nobody can answer them."""

import ssl
from typing import Any

from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterStepParameters

from schemas.alert import Alert
from schemas.errors import AlertError
from steps.alert.alerter import AlertParameters


class OneWayAlerter(BaseAlerter):
    """An alerter that sends an alert, or the text of a step that is not ours."""

    def post(self, message: str, params: BaseAlerterStepParameters | None = None) -> bool:
        """Send an alert, or a text where `params` are none of ours; True once it is delivered.

        Raises:
            AlertError: If it could not be delivered.
        """
        self.deliver(message, params.alert if isinstance(params, AlertParameters) else None)
        return True

    def ask(self, question: str, params: BaseAlerterStepParameters | None = None) -> bool:
        """Refuse: ZenML's base would take the silence for approval.

        Raises:
            AlertError: Always.
        """
        raise AlertError(f"the alerter {self.name!r} takes no answers: nobody can approve anything through it")

    def deliver(self, text: str, alert: Alert | None) -> None:
        """Deliver a text, and what it was made of where it is an alert. Raises AlertError."""
        raise NotImplementedError


def revealed(config: Any, name: str) -> Any:
    """Return a setting, which may refer to a ZenML secret.

    Raises:
        AlertError: If the secret, or its key, is not there.
    """
    try:
        return getattr(config, name)
    except KeyError:
        raise AlertError(f"ZenML has not the secret that the alerter's setting {name} refers to") from None


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return whose certificates are trusted: those of a file's authorities, of the system's without one.

    Raises:
        AlertError: If the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise AlertError(f"ca_file cannot be used: {error.strerror or error}") from None
