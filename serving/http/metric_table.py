"""Every metric family of `/metrics` in one table, by which alert rules and dashboard are made, too.

A family that is not in it is missed by a test: what nobody can look up, nobody watches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from serving.http.families import Latency, Samples, counter, gauge, histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Kind = Literal["counter", "gauge", "histogram"]
Unit = Literal["requests", "rows", "labels", "seconds", "yes or no"]


@dataclass(frozen=True)
class Family:
    """One family.

    Args:
        kind: Its type in Prometheus.
        name: Its name; the samples of a counter have `_total` behind it, those of a histogram `_bucket` and others.
        meaning: What is counted or shown, as its HELP.
        unit: Of what.
        labels: The names of its labels, which every sample has.
    """

    kind: Kind
    name: str
    meaning: str
    unit: Unit
    labels: tuple[str, ...] = ("model",)

    @property
    def series(self) -> str:
        """Return the name that a query has to use; that of its buckets for a histogram."""
        return self.name + {"counter": "_total", "gauge": "", "histogram": "_bucket"}[self.kind]

    def of(self, samples: Samples) -> "Metric":
        """Return the family of a counter or gauge with its samples."""
        return (counter if self.kind == "counter" else gauge)(self.name, self.meaning, samples)

    def of_latencies(self, latencies: Sequence[tuple[Mapping[str, str], Latency]]) -> "Metric":
        """Return the family of a histogram with its samples."""
        return histogram(self.name, self.meaning, latencies)


_BY_VERSION = ("model", "version")
REQUESTS = Family(
    "counter",
    "drivetrain_requests",
    "Requests for predictions by version and status.",
    "requests",
    (*_BY_VERSION, "status"),
)
SECONDS = Family(
    "histogram", "drivetrain_request_seconds", "Seconds a request for predictions took.", "seconds", _BY_VERSION
)
ROWS = Family("counter", "drivetrain_rows", "Rows predicted.", "rows", _BY_VERSION)
ROW_ERRORS = Family(
    "counter", "drivetrain_row_errors", "Rows refused beside others that were predicted.", "rows", _BY_VERSION
)
NEEDS_REVIEW = Family("counter", "drivetrain_needs_review", "Rows routed to review.", "rows", _BY_VERSION)
IN_WORK = Family(
    "gauge", "drivetrain_requests_in_work", "Requests for predictions in work; deploy.queue is the most.", "requests"
)
JOURNAL_FAILURES = Family(
    "counter", "drivetrain_journal_failures", "Requests refused because the journal cannot be used.", "requests"
)
SHADOW_REQUESTS = Family(
    "counter",
    "drivetrain_shadow_requests",
    "Requests that a shadow followed, by what it would say.",
    "requests",
    (*_BY_VERSION, "status"),
)
SHADOW_DROPPED = Family(
    "counter", "drivetrain_shadow_dropped", "Requests that a shadow was too slow for.", "requests", _BY_VERSION
)
LABELS = Family("counter", "drivetrain_labels", "Labels sent to /feedback.", "labels", ("model", "status"))
CURRENT_VERSION = Family("gauge", "drivetrain_current_version", "The current version.", "yes or no", _BY_VERSION)
READY = Family("gauge", "drivetrain_ready", "Whether requests are answered, as /readyz says.", "yes or no")

FAMILIES: tuple[Family, ...] = (
    *(REQUESTS, SECONDS, ROWS, ROW_ERRORS, NEEDS_REVIEW, IN_WORK, JOURNAL_FAILURES, SHADOW_REQUESTS, SHADOW_DROPPED),
    *(LABELS, CURRENT_VERSION, READY),
)
