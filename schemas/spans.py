"""Spans of time as text: 90s, 15m, 24h, 7d."""

import re

_SPAN = re.compile(r"([1-9][0-9]{0,8})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def span_seconds(text: str) -> float | None:
    """Return how many seconds a span has; None for a text that is none."""
    found = _SPAN.fullmatch(text)
    return None if found is None else float(int(found[1]) * _SECONDS[found[2]])
