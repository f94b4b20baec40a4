"""What servers of any kind do is told in a sentence, and no secret is in it, nor in any log."""

import logging
from pathlib import Path

import pytest

from schemas.errors import AlertError
from tests.stacks.alerters import made, mail_to, tell
from tests.stacks.babble import Answer, babble
from tests.stacks.hook import hook
from tests.stacks.mailbox import PASSWORD, Mailbox, certificate_for, mailbox

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for(tmp_path_factory.mktemp("certificates"))


def test_no_log_has_the_address_of_a_webhook_or_what_it_is_signed_with(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hook() as web:
        settings = {"url": f"{web.url}/T0KEN?a=S3CRET", "signing_key": "K3Y"}
        assert tell(made("webhook", **settings))
        web.answer = 500
        with pytest.raises(AlertError):
            tell(made("webhook", **settings))
    said = "".join(record.getMessage() for record in caplog.records)
    assert not any(secret in said for secret in ("T0KEN", "S3CRET", "K3Y"))
    assert logging.getLogger("httpx").filters == []


def test_no_log_has_the_password_of_a_mailbox(certificate: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with mailbox("starttls", certificate) as box:
        assert tell(mail_to(box, "starttls", certificate))
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail")]  # the server's own
    assert PASSWORD not in "".join(ours)


@pytest.mark.parametrize("answer", [b"220 hello\r\n", b"\0" * 100, b"HTTP/1.1 OK\r\n\r\n", b""])
def test_a_web_server_that_answers_nonsense_is_told(answer: bytes) -> None:
    with babble(lambda _: answer) as port:
        with pytest.raises(AlertError, match=r"broke off|did not answer within 1 s") as caught:
            tell(made("webhook", url=f"http://127.0.0.1:{port}/T0KEN", timeout=1))
        assert "T0KEN" not in str(caught.value)


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n", b"\0\r\n", b"220 " + b"x" * 10_000 + b"\r\n", b""]
)
def test_a_mail_server_that_answers_nonsense_is_told(greeting: bytes) -> None:
    with babble(lambda line: line, greeting) as port:
        with pytest.raises(AlertError, match=r"127\.0\.0\.1 did not take the mail: .") as caught:
            tell(mail_to(Mailbox(port=port), "none", None, timeout=1))
        assert len(str(caught.value).splitlines()) == 1 and len(str(caught.value)) < 400


def _parrot(line: bytes) -> bytes:
    return b"250-parrot\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"ehlo") else b"535 you said " + line


def _strange_challenge(line: bytes) -> bytes:
    return b"250-x\r\n250 AUTH CRAM-MD5\r\n" if line.startswith(b"ehlo") else b"334 a\r\n"


def _endless_challenge(line: bytes) -> bytes:
    return b"250-x\r\n250 AUTH LOGIN\r\n" if line.startswith(b"ehlo") else b"334 " + line


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (_parrot, "it answers 535 to the sign-in"),
        (_strange_challenge, "the sign-in broke off: Error"),
        (_endless_challenge, "the sign-in broke off: SMTPException"),
    ],
)
def test_a_server_that_repeats_what_it_gets_betrays_no_password(answer: Answer, why: str, certificate: Path) -> None:
    with babble(answer, b"220 hello\r\n", certificate) as port, pytest.raises(AlertError) as caught:
        tell(mail_to(Mailbox(port=port), "ssl", certificate))
    assert str(caught.value) == f"127.0.0.1 did not take the mail: {why}"


@pytest.mark.parametrize("flavor", ["webhook", "email"])
def test_a_file_of_authorities_that_is_none_is_told(flavor: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        with pytest.raises(AlertError, match=r"ca_file cannot be used: ."):
            if flavor == "webhook":
                tell(made("webhook", url="https://127.0.0.1:1/T0KEN", ca_file=str(file)))
            else:
                tell(mail_to(Mailbox(port=1), "ssl", file))


def test_a_host_that_is_none_is_told_and_not_the_password_blamed() -> None:
    with pytest.raises(AlertError, match=r"a\.\.b did not take the mail: ") as caught:
        tell(mail_to(Mailbox(host="a..b", port=1), "none", None))
    assert "password" not in str(caught.value)
