"""The `drivetrain_webhook` alerter: the alert as JSON by POST, signed where a key is given; docs/alert.schema.json."""

import asyncio
import hashlib
import hmac
import json
import logging
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import httpx
from pydantic import Field
from zenml.alerter.base_alerter import BaseAlerterConfig, BaseAlerterFlavor
from zenml.utils.secret_utils import SecretField

from schemas.alert import Alert
from schemas.errors import AlertError
from stacks.flavors.alerter import OneWayAlerter, revealed, trust

SIGNATURE = "Drivetrain-Signature"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


class WebhookAlerterConfig(BaseAlerterConfig):
    """Settings of the alerter. An address often is a password: who has it may post; so it is a secret here."""

    url: str = SecretField(description="https://… or http://…, as a secret: {secret: NAME, key: KEY}")
    signing_key: str | None = SecretField(
        default=None, description="what the body is signed with (HMAC-SHA256), as a secret; null: it is not signed"
    )
    timeout: float = Field(
        default=10.0, gt=0, le=50, description="seconds of a delivery, from connecting to the answer"
    )
    ca_file: str | None = Field(
        default=None,
        min_length=1,
        description="PEM file of the authorities that are trusted; null: those of the system",
    )


class WebhookAlerter(OneWayAlerter):
    """Posts to one address; redirects are not followed, and certificates are verified."""

    @property
    def config(self) -> WebhookAlerterConfig:
        """The alerter's settings."""
        return cast(WebhookAlerterConfig, self._config)

    def deliver(self, text: str, alert: Alert | None) -> None:
        """Post, and take 200 to 299 for done. Raises AlertError, without the address but for its host."""
        url = checked(revealed(self.config, "url"))
        key = revealed(self.config, "signing_key")
        body = (json.dumps({"text": text}) if alert is None else alert.model_dump_json()).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "drivetrain"}
        if alert is not None:
            headers["Idempotency-Key"] = alert.id
        if key:
            headers[SIGNATURE] = signature(body, key, int(time.time()))
        status = self._posted(url, body, headers)
        if 300 <= status < 400:
            raise AlertError(f"{url.host} answers {status}: it sends elsewhere, where the alert is not sent")
        if not 200 <= status < 300:
            raise AlertError(f"{url.host} answers {status}")

    def _posted(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> int:
        seconds, verify = self.config.timeout, trust(self.config.ca_file)
        try:
            # Seconds of httpx are those of a single read: a server that drips would hold it for ever.
            with _unlogged(url):
                return asyncio.run(asyncio.wait_for(_post(url, body, headers, seconds, verify), seconds))
        except (TimeoutError, httpx.TimeoutException):
            raise AlertError(f"{url.host} did not answer within {seconds:g} s") from None
        except httpx.ConnectError as error:  # its words are those of the connection, without the address
            raise AlertError(f"{url.host} cannot be reached: {error}") from None
        except httpx.HTTPError as error:
            raise AlertError(f"{url.host} broke off: {type(error).__name__}") from None


@contextmanager
def _unlogged(url: httpx.URL) -> Iterator[None]:
    """Keep an address out of all logs while the block runs: httpx writes the whole of it, and ZenML keeps that."""
    log = logging.getLogger("httpx")

    def holds_no_address(record: logging.LogRecord) -> bool:
        return str(url) not in record.getMessage()

    log.addFilter(holds_no_address)
    try:
        yield
    finally:
        log.removeFilter(holds_no_address)


async def _post(url: httpx.URL, body: bytes, headers: Mapping[str, str], seconds: float, verify: ssl.SSLContext) -> int:
    """Return the status of the answer; its body is not read."""
    client = httpx.AsyncClient(timeout=seconds, follow_redirects=False, verify=verify)
    async with client, client.stream("POST", url, content=body, headers=dict(headers)) as answer:
        return answer.status_code


def checked(text: str) -> httpx.URL:
    """Return an address of the web. Raises AlertError for any other, which is not quoted."""
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        raise AlertError("the webhook's url is no address") from None
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host.decode()):
        raise AlertError("the webhook's url is neither http:// nor https:// with a host")
    return url


def signature(body: bytes, key: str, seconds: int) -> str:
    """Return `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY`, so that an old delivery can be told from a new one.

    Source:
        RFC 2104, HMAC: keyed-hashing for message authentication.
    """
    return f"t={seconds},v1={hmac.new(key.encode(), b'%d.%b' % (seconds, body), hashlib.sha256).hexdigest()}"


class WebhookAlerterFlavor(BaseAlerterFlavor):
    """Alerts as JSON to an address of the web."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_webhook"

    @property
    def config_class(self) -> type[WebhookAlerterConfig]:
        """The settings' class."""
        return WebhookAlerterConfig

    @property
    def implementation_class(self) -> type[WebhookAlerter]:
        """The alerter's class."""
        return WebhookAlerter
