"""The `drivetrain_email` alerter: a mail in plain text through an SMTP server."""

import logging
import re
import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal, Self, cast

from pydantic import Field, field_validator, model_validator
from zenml.alerter.base_alerter import BaseAlerterConfig, BaseAlerterFlavor
from zenml.utils.secret_utils import SecretField

from ml.values.display import plain_line
from ml.values.label_text import printable
from schemas.alert import Alert
from schemas.errors import AlertError
from stacks.flavors.alerter import OneWayAlerter, revealed, trust

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+"
_ADDRESS = re.compile(rf"{_LOCAL}@(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f.:]+\])")
_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
_SUBJECT = 200  # characters
logger = logging.getLogger("drivetrain.alert")


class EmailAlerterConfig(BaseAlerterConfig):
    """Settings of the alerter."""

    host: str = Field(min_length=1, description="the SMTP server")
    port: int | None = Field(default=None, ge=1, le=65535, description="its port; null: 587, 465 or 25 by `security`")
    security: Literal["starttls", "ssl", "none"] = Field(
        default="starttls", description="starttls, or ssl from the first byte; none only where no password is sent"
    )
    sender: str = Field(description="address that the mail is from")
    recipients: list[str] = Field(min_length=1, max_length=100, description="addresses that get it")
    username: str | None = Field(default=None, min_length=1, description="who signs in; null: nobody does")
    password: str | None = SecretField(default=None, description="as a secret: {secret: NAME, key: KEY}")
    timeout: float = Field(default=10.0, gt=0, le=50, description="seconds that the server may be silent")
    ca_file: str | None = Field(
        default=None,
        min_length=1,
        description="PEM file of the authorities that are trusted; null: those of the system",
    )

    @field_validator("sender", "recipients")
    @classmethod
    def _are_addresses(cls, given: str | list[str]) -> str | list[str]:
        wrong = [one for one in ([given] if isinstance(given, str) else given) if not _ADDRESS.fullmatch(one)]
        if wrong:
            raise ValueError(f"no address of a mail: {', '.join(map(repr, wrong))}; such as ops@example.org")
        return given

    @model_validator(mode="after")
    def _a_password_has_a_user_and_goes_unseen(self) -> Self:
        given = vars(self)  # an attribute would be looked up as the secret that it refers to
        if (given["username"] is None) != (given["password"] is None):
            raise ValueError("username and password belong together: declare both, or none")
        if given["password"] is not None and given["security"] == "none":
            raise ValueError("a password would cross the network as it is: say security: starttls, or ssl")
        return self


class EmailAlerter(OneWayAlerter):
    """Sends one mail to all recipients; the server's certificate is verified, and nothing goes where it is not."""

    @property
    def config(self) -> EmailAlerterConfig:
        """The alerter's settings."""
        return cast(EmailAlerterConfig, self._config)

    def deliver(self, text: str, alert: Alert | None) -> None:
        """Send; done once the server has taken it for one recipient at least. Raises AlertError."""
        config = self.config
        mail = written(text, alert, config.sender, config.recipients)
        password, context = revealed(config, "password"), trust(config.ca_file)
        try:
            refused = _sent(config, password, mail, context)
        except (OSError, ValueError) as error:  # what smtplib raises, of a server that answers nonsense too
            raise AlertError(f"{config.host} did not take the mail: {_reason(error)}") from None
        for address in refused:
            logger.warning("alert: %s did not take the mail for %s; the others have it", config.host, address)


def written(text: str, alert: Alert | None, sender: str, recipients: list[str]) -> EmailMessage:
    """Return the mail; whatever a column is called, its headers are single lines and its body is text."""
    mail = EmailMessage(policy=SMTP)
    head, _, rest = text.partition("\n")
    mail["From"], mail["To"] = sender, ", ".join(recipients)
    mail["Subject"] = plain_line(printable(head if alert is None else f"[{alert.verdict}] {alert.subject}"), _SUBJECT)
    mail["Date"] = datetime.now(UTC)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice comes back
    if alert is not None:
        mail["Message-ID"] = f"<{alert.id}@{sender.rpartition('@')[2].strip('[]')}>"
    body = printable(text if alert is not None else rest or head)
    mail.set_content(body, cte="quoted-printable")  # which every server takes
    return mail


def _sent(
    config: EmailAlerterConfig, password: str | None, mail: EmailMessage, context: ssl.SSLContext
) -> dict[str, tuple[int, bytes]]:
    """Send a mail, and return who was refused while others were not."""
    port = config.port or _PORTS[config.security]
    if config.security == "ssl":
        server: smtplib.SMTP = smtplib.SMTP_SSL(config.host, port, timeout=config.timeout, context=context)
    else:
        server = smtplib.SMTP(config.host, port, timeout=config.timeout)
    try:
        if config.security == "starttls":
            server.starttls(context=context)
        if config.username is not None and password is not None:
            _sign_in(server, config.username, password)
        refused = server.send_message(mail, config.sender, config.recipients)
        with suppress(smtplib.SMTPException, OSError):  # it has the mail
            server.quit()
    finally:
        server.close()
    return refused


def _sign_in(server: smtplib.SMTP, username: str, password: str) -> None:
    """Sign in. Raises SMTPException without the server's words: some repeat what they were sent."""
    try:
        server.login(username, password)
    except smtplib.SMTPNotSupportedError:  # smtplib's own words
        raise
    except smtplib.SMTPResponseException as error:
        raise smtplib.SMTPException(f"it answers {error.smtp_code} to the sign-in") from None
    except UnicodeEncodeError:
        raise smtplib.SMTPException("username or password hold a character that cannot be sent") from None
    except (smtplib.SMTPException, ValueError) as error:
        raise smtplib.SMTPException(f"the sign-in broke off: {type(error).__name__}") from None


def _reason(error: Exception) -> str:
    """Return what the server, or the connection, said; no password is in it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{one}: {_answer(*said)}" for one, said in list(error.recipients.items())[:3])
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return plain_line(str(error)) or type(error).__name__


def _answer(code: int, said: bytes | str) -> str:
    return plain_line(f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}", 200)


class EmailAlerterFlavor(BaseAlerterFlavor):
    """Alerts as mails."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_email"

    @property
    def config_class(self) -> type[EmailAlerterConfig]:
        """The settings' class."""
        return EmailAlerterConfig

    @property
    def implementation_class(self) -> type[EmailAlerter]:
        """The alerter's class."""
        return EmailAlerter
