"""Our alerters as a stack has them, and alerts for them to tell."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from zenml.alerter.base_alerter import BaseAlerter

from ml.monitoring.alert_text import plain_text
from schemas.alert import Alert
from stacks.plugins import load_flavor
from steps.alert.alerter import AlertParameters
from tests.ml.monitoring.alarms import alert_of, drifted
from tests.stacks.mailbox import PASSWORD, USER, Mailbox

ALERT = alert_of(drifted("größe"))
EVIL = alert_of(drifted("size\r\nBcc: all@example.org\r\n\r\nhello \ud800"), model="house")


def made(flavor: str, **settings: Any) -> BaseAlerter:
    """Return an alerter of ours as a stack has it."""
    one = load_flavor(f"drivetrain_{flavor}")
    return component(one, one.config_class(**settings))


def component(flavor: Any, config: Any) -> BaseAlerter:
    """Return an alerter of a flavor."""
    from zenml.enums import StackComponentType

    when = datetime.now(UTC)
    return flavor.implementation_class(  # type: ignore[no-any-return]
        name="alerter",
        id=uuid4(),
        config=config,
        flavor=flavor.name,
        type=StackComponentType.ALERTER,
        user=None,
        created=when,
        updated=when,
    )


def tell(alerter: BaseAlerter, alert: Alert = ALERT) -> bool:
    return alerter.post(plain_text(alert), AlertParameters(alert=alert))


def mail_to(box: Mailbox, security: str, certificate: Path | None, **settings: Any) -> BaseAlerter:
    login = {} if security == "none" else {"username": USER, "password": PASSWORD}
    trusted = {} if certificate is None else {"ca_file": str(certificate)}
    given = {"host": box.host, "port": box.port, "security": security, "sender": "ops@example.org"}
    return made("email", **{**given, "recipients": ["me@example.org"], **login, **trusted, **settings})
