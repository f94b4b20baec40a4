"""The text under which a value is counted and shown."""

import hashlib

from ml.values.canonical import canonical
from schemas.base import Scalar

LONGEST = 128


def label(value: Scalar) -> str:
    """Return the text under which a value is counted: UTF-8, at most 128 characters (longer ones end in a digest)."""
    text = printable(canonical(value))
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: LONGEST - 17]}…{digest}"


def printable(text: str) -> str:
    """Return the text with lone surrogates written out, as neither protobuf nor JSON can hold them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
