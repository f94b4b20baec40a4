"""Our alerters against real servers: a log, a web server that keeps what it gets, SMTP with TLS and a login."""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import jsonschema
import pytest

from cli.reference.pages import ALERT_SCHEMA
from ml.monitoring.alert_text import plain_text
from schemas.alert import Alert
from schemas.errors import AlertError
from schemas.stack import StackSpec
from stacks.checks.settings import settings_faults
from stacks.checks.shipped import ShippedFlavors
from stacks.flavors.email_alerter import EmailAlerterConfig
from steps.alert.posting import poster
from tests.stacks.alerters import ALERT, EVIL, component, made, mail_to, tell
from tests.stacks.hook import Hook, hook
from tests.stacks.mailbox import Mailbox, certificate_for, mailbox


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def web() -> Iterator[Hook]:
    with hook() as found:
        yield found


def test_the_log_has_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "drivetrain.alert"):
        assert tell(made("log", level="error"), EVIL)
        assert made("log").post("two\nlines")
    first, second = caplog.records
    assert (first.levelname, second.levelname) == ("ERROR", "WARNING")
    assert len(first.getMessage().splitlines()) == 1 and "house version 3: drift" in first.getMessage()
    assert "Open the report: /home/me/r.html" in first.getMessage() and second.getMessage() == "alert: two lines"


@pytest.mark.slow
def test_a_webhook_gets_the_document_of_the_schema_with_its_signature(web: Hook) -> None:
    assert tell(made("webhook", url=f"{web.url}/hooks/T0KEN?x=1", signing_key="k"), EVIL)
    ((path, headers, body),) = web.posts
    assert path == "/hooks/T0KEN?x=1" and headers["idempotency-key"] == EVIL.id
    jsonschema.validate(json.loads(body), json.loads(ALERT_SCHEMA.read_text(encoding="utf-8")))
    assert Alert.model_validate_json(body) == EVIL
    seconds, digest = (part.partition("=")[2] for part in headers["drivetrain-signature"].split(","))
    assert digest == hmac.new(b"k", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


@pytest.mark.slow
def test_a_text_of_another_step_is_a_text_and_unsigned_without_a_key(web: Hook) -> None:
    assert made("webhook", url=web.url).post("it rains")
    ((_, headers, body),) = web.posts
    assert json.loads(body) == {"text": "it rains"} and "drivetrain-signature" not in headers


@pytest.mark.slow
@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 500, 503])
def test_what_is_not_taken_is_an_error_and_goes_nowhere_else(web: Hook, status: int) -> None:
    web.answer, web.body = status, b"T0KEN is wrong"
    with hook() as elsewhere:
        web.headers = {"Location": f"{elsewhere.url}/x"}
        with pytest.raises(AlertError, match=rf"127.0.0.1 answers {status}") as caught:
            tell(made("webhook", url=f"{web.url}/T0KEN"))
        assert elsewhere.posts == [] and "T0KEN" not in str(caught.value)


@pytest.mark.slow
def test_a_server_that_drips_is_left_in_time(web: Hook) -> None:
    web.drips = 0.02
    with pytest.raises(AlertError, match=r"did not answer within 0.2 s"):
        tell(made("webhook", url=web.url, timeout=0.2))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/T0KEN", "neither http"),
        ("file:///etc/passwd", "neither http"),
        ("https:///T0KEN", "neither http"),
        ("T0KEN", "neither http"),
        ("http://[T0KEN", "neither http"),
        ("http://127.0.0.1:1/T0KEN", "127.0.0.1 cannot be reached"),
    ],
)
def test_an_address_that_cannot_be_asked_is_told_without_what_it_holds(url: str, why: str) -> None:
    with pytest.raises(AlertError, match=why) as caught:
        tell(made("webhook", url=url))
    assert "T0KEN" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("security", ["starttls", "ssl", "none"])
def test_a_mail_has_one_subject_its_text_and_nothing_that_a_name_smuggles_in(security: str, certificate: Path) -> None:
    with mailbox(security, certificate) as box:
        assert tell(mail_to(box, security, certificate, recipients=["me@example.org", "you@example.org"]), EVIL)
        (mail,) = box.mails
    assert box.envelopes == [("ops@example.org", ["me@example.org", "you@example.org"])]
    assert mail["Bcc"] is None and mail["To"] == "me@example.org, you@example.org"
    assert mail["Subject"].startswith("[drift] house version 3: drift (1 column: 'size␍␊Bcc: all@example.org")
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"] == f"<{EVIL.id}@example.org>"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == plain_text(EVIL).splitlines()


@pytest.mark.slow
def test_a_mail_goes_to_no_server_that_nobody_vouches_for(certificate: Path, tmp_path: Path) -> None:
    other = certificate_for(tmp_path)
    for security in ("starttls", "ssl"):
        with mailbox(security, certificate) as box:
            with pytest.raises(AlertError, match="certificate verify failed"):
                tell(mail_to(box, security, other))
            assert box.mails == []


@pytest.mark.slow
def test_a_server_without_tls_gets_no_password(certificate: Path) -> None:
    with mailbox("none", certificate) as box:
        with pytest.raises(AlertError, match="STARTTLS extension not supported"):
            tell(mail_to(box, "starttls", certificate))
        assert box.mails == []


@pytest.mark.slow
def test_a_wrong_password_and_an_unknown_recipient_are_told_without_the_password(certificate: Path) -> None:
    with mailbox("starttls", certificate, refused=("gone@example.org",)) as box:
        with pytest.raises(AlertError, match="535") as caught:
            tell(mail_to(box, "starttls", certificate, password="wr0ng-pass"))
        assert "wr0ng" not in str(caught.value)
        with pytest.raises(AlertError, match="hold a character"):
            tell(mail_to(box, "starttls", certificate, password="größe"))
        with pytest.raises(AlertError, match=r"gone@example\.org: 550 nobody"):
            tell(mail_to(box, "starttls", certificate, recipients=["gone@example.org"]))
        assert tell(mail_to(box, "starttls", certificate, recipients=["gone@example.org", "me@example.org"]))
    assert [to for _, to in box.envelopes] == [["me@example.org"]], "whoever is there has it"


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(AlertError, match=r"127\.0\.0\.1 did not take the mail: .*refused"):
        tell(mail_to(Mailbox(port=1), "none", None))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"recipients": ["me@example.org\nBcc: all@example.org"]}, "no address of a mail"),
        ({"recipients": []}, "at least 1"),
        ({"sender": "Me <me@example.org>"}, "no address of a mail"),
        ({"username": "me"}, "belong together"),
        ({"username": "me", "password": "{{mail.password}}", "security": "none"}, "cross the network"),
    ],
)
def test_settings_of_a_mail_that_cannot_be_meant_are_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        EmailAlerterConfig(**{"host": "h", "sender": "a@b.c", "recipients": ["a@b.c"], **settings})


@pytest.mark.parametrize(
    ("flavor", "settings", "path"),
    [
        ("webhook", {"url": "https://hooks.example.org/T0KEN"}, "url"),
        ("webhook", {"url": {"secret": "hook", "key": "url"}, "signing_key": "k"}, "signing_key"),
        ("email", {"password": "p"}, "password"),
        ("log", {"level": "loud"}, "level"),
        ("email", {"recipients": "me"}, "recipients"),
    ],
)
def test_secrets_in_clear_text_and_wrong_settings_are_faults_of_the_stack(
    flavor: str, settings: dict[str, Any], path: str
) -> None:
    declared = {
        "name": "s",
        "orchestrator": {"flavor": "local"},
        "artifact_store": {"flavor": "local"},
        "alerter": {"flavor": f"drivetrain_{flavor}", "settings": settings},
    }
    faults = settings_faults(ShippedFlavors(), StackSpec.model_validate(declared))
    assert f"stack.alerter.settings.{path}" in [fault.path for fault in faults]
    assert "T0KEN" not in "".join(map(str, faults))


@pytest.mark.parametrize(
    ("flavor", "settings"), [("log", {}), ("webhook", {"url": "http://127.0.0.1"}), ("email", {"host": "h"})]
)
def test_nobody_can_approve_through_an_alerter_that_only_sends(flavor: str, settings: dict[str, Any]) -> None:
    mail = {"sender": "a@b.c", "recipients": ["a@b.c"]} if flavor == "email" else {}
    with pytest.raises(AlertError, match="takes no answers"):
        made(flavor, **settings, **mail).ask("deploy?")


@pytest.mark.slow
def test_zenmls_own_slack_alerter_gets_the_text(web: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    slack_sdk = pytest.importorskip("slack_sdk", reason="ZenML's slack integration is not installed")
    from zenml.integrations.slack.alerters import slack_alerter
    from zenml.integrations.slack.flavors import SlackAlerterFlavor

    web.answer, web.body, web.headers = 200, b'{"ok": true, "ts": "1"}', {"Content-Type": "application/json"}
    monkeypatch.setattr(slack_alerter, "WebClient", partial(slack_sdk.WebClient, base_url=f"{web.url}/api/"))
    flavor = SlackAlerterFlavor()
    poster(component(flavor, flavor.config_class(slack_token="xoxb-1", slack_channel_id="C1")))(ALERT)
    ((path, headers, body),) = web.posts
    assert path == "/api/chat.postMessage" and headers["authorization"] == "Bearer xoxb-1"
    assert "house version 3: drift" in unquote_plus(body.decode())
