"""Requests as the service hands them to the journal."""

import json
import time
from collections.abc import Sequence

from serving.journal.insertion import Request

ANSWER = {"label": "yes", "needs_review": False}


def request(
    request_id: str, rows: int = 1, version: str = "1", when: float | None = None, places: Sequence[int] | None = None
) -> Request:
    """Return an answered request of rows {"größe": position}."""
    inputs = [{"größe": place} for place in places or range(rows)]
    return Request(
        request_id=request_id,
        time=time.time() if when is None else when,
        version=version,
        rows=len(inputs),
        places=None if places is None else json.dumps(places),
        inputs=json.dumps(inputs),
        numbers=None,
        answers=json.dumps([ANSWER] * len(inputs)),
        for_review=0,
        latency=0.001,
    )
