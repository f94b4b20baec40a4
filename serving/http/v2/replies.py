"""What the paths of the protocol answer, as the OpenAPI document has it."""

from collections.abc import Mapping
from dataclasses import replace

from serving.http.endpoint import EVERY, Reply
from serving.http.models import Error
from serving.http.v2.models import ProtocolError

_EARLY = frozenset({400, 408, 431, 503})
"""Of these some are answered before the path is known, in the form of all that is not of the protocol."""


def in_protocol(replies: Mapping[int, Reply]) -> dict[int, Reply]:
    """Return replies, and what every path may answer, with errors in the protocol's form."""
    return {
        status: replace(reply, body=ProtocolError | Error if status in _EARLY else ProtocolError)
        for status, reply in {**EVERY, **replies}.items()
    }


NOT_READY = {503: Reply("Not ready, and the error says why; or there are too many connections.", Error)}
NOT_FOUND = {404: Reply("It is another model's name, or a version that is not loaded.", Error)}
