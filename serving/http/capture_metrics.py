"""What `/metrics` says of the journal: what waits for it, and what it has lost."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from serving.http.families import counter, gauge
from serving.journal.writer import Journal
from serving.releases.follower import Follower

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def capture_metrics(model: str, journal: Journal, follower: Follower) -> "Iterator[Metric]":
    """Yield whether the journal takes what is written, what waits for it, and what was answered without it."""
    mine = {"model": model}
    is_up = follower.journal.error is None and journal.away is None
    yield gauge("drivetrain_journal_up", "Whether the journal takes what is written.", [(mine, int(is_up))])
    waiting, held = journal.room.requests, journal.room.bytes
    yield gauge("drivetrain_journal_waiting_requests", "Requests that wait for the journal.", [(mine, waiting)])
    yield gauge("drivetrain_journal_waiting_bytes", "Bytes of what waits for the journal.", [(mine, held)])
    for what, counts in (("requests", journal.losses.requests), ("rows", journal.losses.rows)):
        samples = [
            (mine | {"version": version, "reason": reason}, count)
            for (version, reason), count in sorted(dict(counts).items())
        ]
        text = f"Answered {what} that are not in the journal, by reason."
        yield counter(f"drivetrain_journal_lost_{what}", text, samples)
