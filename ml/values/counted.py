"""A long loop tells how far it has come."""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from schemas.plan import PROGRESS

_EVERY = 0.5  # seconds
_log = logging.getLogger(PROGRESS)
Item = TypeVar("Item")


def counted(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items; every half second log where it is: `columns compared: 120 of 2,500`."""
    said = time.monotonic()
    for position, item in enumerate(items):
        now = time.monotonic()
        if now - said >= _EVERY:
            said = now
            _log.info("%s: %s of %s", what, f"{position:,}", f"{len(items):,}")
        yield item
