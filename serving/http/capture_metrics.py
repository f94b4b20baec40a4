"""What `/metrics` says of the journal: what waits for it, and what it has lost."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from serving.http.metric_table import (
    JOURNAL_LOST_REQUESTS,
    JOURNAL_LOST_ROWS,
    JOURNAL_UP,
    JOURNAL_WAITING,
    JOURNAL_WAITING_BYTES,
)
from serving.journal.loss import REASONS
from serving.journal.writer import Journal
from serving.releases.follower import Follower

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def capture_metrics(model: str, journal: Journal, follower: Follower) -> "Iterator[Metric]":
    """Yield whether the journal takes what is written, what waits for it, and what was answered without it."""
    mine = {"model": model}
    is_up = follower.journal.error is None and journal.away is None
    yield JOURNAL_UP.of([(mine, int(is_up))])
    waiting, held = journal.room.requests, journal.room.bytes
    yield JOURNAL_WAITING.of([(mine, waiting)])
    yield JOURNAL_WAITING_BYTES.of([(mine, held)])
    none = {(one.version, reason): 0 for one in follower.loaded() for reason in REASONS}
    lost = ((JOURNAL_LOST_REQUESTS, journal.losses.requests), (JOURNAL_LOST_ROWS, journal.losses.rows))
    for family, counts in lost:  # from 0 on: of a counter that begins with its first loss Prometheus sees no increase
        samples = [
            (mine | {"version": version, "reason": reason}, count)
            for (version, reason), count in sorted({**none, **counts}.items())
        ]
        yield family.of(samples)
