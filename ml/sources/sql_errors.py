"""From what a driver raises to what a person can act on; a password never stands in it."""

from collections.abc import Sequence
from urllib.parse import quote, quote_plus

from schemas.errors import ContentError, Fault

_LONGEST = 300


class SqlError(ContentError):
    """The rows cannot be read; `faults` name the parameters behind it."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.message}{_sentence(fault.hint)}" for fault in faults))


class TooSlowError(SqlError):
    """The query took longer than it was given."""


def told(error: Exception, secrets: Sequence[str]) -> str:
    """Return an error's own text on one line, cut short and without secrets."""
    said = getattr(error, "diag", None)
    parts = (said.message_primary, said.message_hint) if said is not None and said.message_primary else (str(error),)
    text = " ".join(" ".join(filter(None, parts)).split())
    for secret in filter(None, secrets):
        for written in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(written, "***")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sentence(hint: str) -> str:
    return f" ({hint})" if hint else ""
