"""What `/metrics` exposes, counted in plain numbers and rendered by prometheus_client only when somebody asks."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]  # seconds
LABELS = ("recorded", "known", "corrected", "unknown", "refused")
"""What becomes of a label: the first three as it is answered; unknown: no such prediction; refused: all else."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counters of one worker; `current` names the current version, None before there is one."""

    def __init__(self, model: str, current: Callable[[], str | None]) -> None:
        self._model, self._current = model, current
        self._requests: Counter[int] = Counter()
        self._buckets = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0
        self._rows: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()

    def request(self, status: int, seconds: float) -> None:
        """Count one request to /predict."""
        self._requests[status] += 1
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds += seconds

    def rows(self, answered: int, refused: int, for_review: int) -> None:
        """Count the rows of one request."""
        self._rows["answered"] += answered
        self._rows["refused"] += refused
        self._rows["review"] += for_review

    def label(self, status: str) -> None:
        """Count one label; `status` is one of LABELS."""
        self._labels[status] += 1

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        from prometheus_client.exposition import generate_latest
        from prometheus_client.registry import CollectorRegistry

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> "Iterator[Metric]":
        """Yield the metric families."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        requests = CounterMetricFamily(
            "drivetrain_requests", "Requests to /predict by status.", labels=["model", "status"]
        )
        for status, count in sorted(self._requests.items()):
            requests.add_metric([self._model, str(status)], count)
        yield requests
        for name, key, text in (
            ("drivetrain_rows", "answered", "Rows predicted."),
            ("drivetrain_row_errors", "refused", "Rows refused beside others that were predicted."),
            ("drivetrain_needs_review", "review", "Rows routed to review."),
        ):
            family = CounterMetricFamily(name, text, labels=["model"])
            family.add_metric([self._model], self._rows[key])
            yield family
        yield self._latency()
        labels = CounterMetricFamily("drivetrain_labels", "Labels sent to /feedback.", labels=["model", "status"])
        for outcome in LABELS:
            labels.add_metric([self._model, outcome], self._labels[outcome])
        yield labels
        version = GaugeMetricFamily("drivetrain_current_version", "The current version.", labels=["model", "version"])
        if (current := self._current()) is not None:
            version.add_metric([self._model, current], 1)
        yield version

    def _latency(self) -> "Metric":
        from prometheus_client.core import HistogramMetricFamily

        total, buckets = 0, []
        for bound, count in zip([*map(str, _BOUNDS), "+Inf"], self._buckets, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family = HistogramMetricFamily(
            "drivetrain_request_seconds", "Seconds a request to /predict took.", labels=["model"]
        )
        family.add_metric([self._model], buckets, self._seconds)
        return family
