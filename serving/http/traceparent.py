"""The W3C header `traceparent`: of which trace a request is a part.

Source: W3C Trace Context, Recommendation of 23 November 2021, section 3.2.
"""

import re
from typing import NamedTuple

Headers = list[tuple[bytes, bytes]]
TRACE = "drivetrain.trace"
"""In a request's scope where telemetry is on: the `traceparent` it came with, None where none can be read."""
_NAME = b"traceparent"
_FORM = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})(?P<span>[0-9a-f]{16})"
    rb"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1


class Traceparent(NamedTuple):
    """The caller's trace and span, whether it is recorded there, and the header as version 00 has it."""

    trace_id: int
    span_id: int
    flags: int
    text: str


def parsed(headers: Headers) -> Traceparent | None:
    """Return what a request says of its trace; None where it says nothing, says it twice, or what is malformed.

    A later version than 00 may have more behind it, and other flags than that of sampling, which are left out.
    """
    found = [value for name, value in headers if name == _NAME]
    if len(found) != 1:
        return None
    match = _FORM.fullmatch(found[0])
    if match is None:
        return None
    is_known = match["version"] == b"00"
    if is_known and match["more"] is not None:
        return None
    flags = int(match["flags"], 16) & (0xFF if is_known else _SAMPLED)
    text = f"00-{match['trace'].decode()}-{match['span'].decode()}-{flags:02x}"
    return Traceparent(int(match["trace"], 16), int(match["span"], 16), flags, text)
