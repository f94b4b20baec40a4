"""A value that its column does not take, and how values are named in messages."""

from typing import Any

LONGEST_SHOWN = 60
LARGEST_INTEGER = 2**63 - 1
LARGEST_NUMBER = 3.4028234663852886e38
"""Beyond it float32, which models compute in, knows only infinity."""


class Refusal(ValueError):
    """A value that its column does not take."""


def require_unicode(text: str) -> str:
    """Return text that can be encoded. Raises Refusal."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Refusal("is not Unicode text: it holds half of a surrogate pair") from None
    return text


def kind_of(value: Any) -> str:
    """Name what a JSON value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "the boolean " + ("true" if value else "false")
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    return "a list" if isinstance(value, list) else "an object"


def shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return "an integer of more than 64 bits"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
