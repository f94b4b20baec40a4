"""From what a driver raises to what a person can act on; a password never stands in it."""

import re
from collections.abc import Sequence
from urllib.parse import quote, quote_plus, unquote

from schemas.errors import ContentError, Fault

_LONGEST = 300
_WITHHELD = "its words are withheld, for they may hold a part of the password: in a URL, write @ as %40 and / as %2F"


class SqlError(ContentError):
    """The rows cannot be read; `faults` name the parameters behind it."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.message}{_sentence(fault.hint)}" for fault in faults))


class TooSlowError(SqlError):
    """The query took longer than it was given."""


def message_of(error: Exception, secrets: Sequence[str]) -> str:
    """Return an error's own text on one line, cut short and without secrets, of which one may be a whole URL.

    Where a password in a URL is not written as it must be, drivers take the rest of it for a host or a database and
    say so: their words are withheld then.
    """
    logins = [secret.partition("://")[2].rpartition("@")[0] for secret in secrets]
    if any(re.search(r"[@/?#]", login) for login in logins):
        return f"{type(error).__name__}; {_WITHHELD}"
    named = [unquote(part) for login in logins for part in (login, *login.split(":", 1))]
    diag = getattr(error, "diag", None)
    parts = (diag.message_primary, diag.message_hint) if diag is not None and diag.message_primary else (str(error),)
    text = " ".join(" ".join(filter(None, parts)).split())
    for secret in sorted(filter(None, [*secrets, *logins, *named]), key=len, reverse=True):
        for written in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(written, "***")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sentence(hint: str) -> str:
    return f" ({hint})" if hint else ""
