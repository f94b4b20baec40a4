"""Every metric family of `/metrics` in one table, by which alert rules and dashboard are made, too.

A family that is not in it is missed by a test: what nobody can look up, nobody watches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from serving.http.families import Latency, Samples, counter, gauge, histogram
from serving.process.tally import Together

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Kind = Literal["counter", "gauge", "histogram"]
Unit = Literal[
    "requests",
    "rows",
    "labels",
    "seconds",
    "yes or no",
    "bytes",
    "calls",
    "keys",
    "lines",
    "odds",
    "probability",
    "stage",
    "workers",
]


@dataclass(frozen=True)
class Family:
    """One family.

    Args:
        kind: Its type in Prometheus.
        name: Its name; the samples of a counter have `_total` behind it, those of a histogram `_bucket` and others.
        meaning: What is counted or shown, as its HELP.
        unit: Of what.
        labels: The names of its labels, which every sample has.
        gauges: What is told of a gauge that several workers have: the sum of how much there is in each, of how
            something is the largest or the smallest, whichever is the worst. The same in each, it is either. Counters
            and histograms are always added up, and those of workers that are gone stay counted.
    """

    kind: Kind
    name: str
    meaning: str
    unit: Unit
    labels: tuple[str, ...] = ("model",)
    gauges: Together = "largest"

    @property
    def together(self) -> Together:
        """What is told of the numbers of several workers."""
        return self.gauges if self.kind == "gauge" else "sum"

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
    "counter",
    "drivetrain_row_errors",
    "Rows refused, whether others of their request were predicted or none was.",
    "rows",
    _BY_VERSION,
)
NEEDS_REVIEW = Family("counter", "drivetrain_needs_review", "Rows routed to review.", "rows", _BY_VERSION)
FLAGGED_ROWS = Family(
    "counter", "drivetrain_flagged_rows", "Rows predicted with something to tell of their values.", "rows", _BY_VERSION
)
WAITING = Family(
    "gauge",
    "drivetrain_requests_waiting",
    "Requests that are whole and not answered yet.",
    "requests",
    gauges="sum",
)
WORKERS = Family("gauge", "drivetrain_workers", "Workers that are alive.", "workers")
WORKERS_WANTED = Family("gauge", "drivetrain_workers_wanted", "Workers that there are to be.", "workers")
ACCESS_LOG_DROPPED = Family(
    "counter",
    "drivetrain_access_log_dropped",
    "Lines of the access log that came faster than they could be written.",
    "lines",
)
SHARED_CALLS = Family(
    "counter", "drivetrain_shared_calls", "Calls of the model that several requests shared.", "calls", _BY_VERSION
)
SHARED_REQUESTS = Family(
    "counter", "drivetrain_shared_requests", "Requests that shared a call of the model.", "requests", _BY_VERSION
)
REPEATED_REQUESTS = Family(
    "counter",
    "drivetrain_repeated_requests",
    "Requests predicted alone, for a shared call failed.",
    "requests",
    _BY_VERSION,
)
THRESHOLD = Family(
    "gauge",
    "drivetrain_threshold",
    "The thresholds that versions decide and route to review by.",
    "probability",
    (*_BY_VERSION, "threshold"),
)
ROLLOUT_STAGE = Family(
    "gauge", "drivetrain_rollout_stage", "The stage of the rollout that runs, from 1.", "stage", _BY_VERSION
)
ROLLOUT_HELD = Family(
    "gauge", "drivetrain_rollout_held", "Whether the rollout that runs waits for an operator.", "yes or no", _BY_VERSION
)
ROLLOUT_ODDS = Family(
    "gauge",
    "drivetrain_rollout_odds",
    "The evidence against the new version, to one.",
    "odds",
    (*_BY_VERSION, "signal"),
)
ROLLOUT_ODDS_NEEDED = Family(
    "gauge",
    "drivetrain_rollout_odds_needed",
    "The evidence that rolls it back, to one.",
    "odds",
    (*_BY_VERSION, "signal"),
)
JOURNAL_UP = Family(
    "gauge", "drivetrain_journal_up", "Whether the journal takes what is written.", "yes or no", gauges="smallest"
)
JOURNAL_WAITING = Family(
    "gauge", "drivetrain_journal_waiting_requests", "Requests that wait for the journal.", "requests", gauges="sum"
)
JOURNAL_WAITING_BYTES = Family(
    "gauge", "drivetrain_journal_waiting_bytes", "Bytes of what waits for the journal.", "bytes", gauges="sum"
)
JOURNAL_LOST_REQUESTS = Family(
    "counter",
    "drivetrain_journal_lost_requests",
    "Answered requests that are not in the journal, by reason.",
    "requests",
    (*_BY_VERSION, "reason"),
)
JOURNAL_LOST_ROWS = Family(
    "counter",
    "drivetrain_journal_lost_rows",
    "Answered rows that are not in the journal, by reason.",
    "rows",
    (*_BY_VERSION, "reason"),
)
_BY_LOOKUP = ("model", "lookup")
LOOKUP_HITS = Family("counter", "drivetrain_lookup_hits", "Keys that the cache knew.", "keys", _BY_LOOKUP)
LOOKUP_MISSES = Family("counter", "drivetrain_lookup_misses", "Keys that the cache did not know.", "keys", _BY_LOOKUP)
LOOKUP_FAILURES = Family(
    "counter", "drivetrain_lookup_failures", "Questions to a source that it did not answer.", "calls", _BY_LOOKUP
)
LOOKUP_OPEN = Family(
    "gauge",
    "drivetrain_lookup_open",
    "Whether a source is not asked, since it did not answer.",
    "yes or no",
    _BY_LOOKUP,
)
LOOKUP_SECONDS = Family(
    "histogram", "drivetrain_lookup_seconds", "Seconds a question to a source took.", "seconds", _BY_LOOKUP
)
IN_WORK = Family(
    "gauge",
    "drivetrain_requests_in_work",
    "Requests for predictions in work; deploy.queue is the most.",
    "requests",
    gauges="sum",
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
COMPARISONS_DROPPED = Family(
    "counter",
    "drivetrain_comparisons_dropped",
    "Refusals of which it is not known whether the other version refuses them, too.",
    "requests",
    _BY_VERSION,
)
LABELS = Family("counter", "drivetrain_labels", "Labels sent to /feedback.", "labels", ("model", "status"))
CURRENT_VERSION = Family("gauge", "drivetrain_current_version", "The current version.", "yes or no", _BY_VERSION)
READY = Family(
    "gauge", "drivetrain_ready", "Whether requests are answered, as /readyz says.", "yes or no", gauges="smallest"
)

FAMILIES: tuple[Family, ...] = (
    *(REQUESTS, SECONDS, ROWS, ROW_ERRORS, NEEDS_REVIEW, IN_WORK, JOURNAL_FAILURES, SHADOW_REQUESTS, SHADOW_DROPPED),
    *(COMPARISONS_DROPPED, LABELS, CURRENT_VERSION, READY, FLAGGED_ROWS, WAITING, WORKERS, WORKERS_WANTED),
    *(ACCESS_LOG_DROPPED, THRESHOLD),
    *(SHARED_CALLS, SHARED_REQUESTS, REPEATED_REQUESTS),
    *(ROLLOUT_STAGE, ROLLOUT_HELD, ROLLOUT_ODDS, ROLLOUT_ODDS_NEEDED),
    *(JOURNAL_UP, JOURNAL_WAITING, JOURNAL_WAITING_BYTES, JOURNAL_LOST_REQUESTS, JOURNAL_LOST_ROWS),
    *(LOOKUP_HITS, LOOKUP_MISSES, LOOKUP_FAILURES, LOOKUP_OPEN, LOOKUP_SECONDS),
)
_BY_NAME = {family.name: family for family in FAMILIES}


def put_together(name: str, kind: str) -> Together:
    """Return what is told of a family that several workers have, of its name and its type."""
    family = _BY_NAME.get(name)
    if family is not None:
        return family.together
    return "largest" if kind == "gauge" else "sum"
