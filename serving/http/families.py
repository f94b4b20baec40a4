"""Metric families from plain numbers; prometheus_client is imported only when somebody asks for them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from schemas.latency import BOUNDS

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Samples = Iterable[tuple[Mapping[str, str], float]]


def counter(name: str, text: str, samples: Samples) -> "Metric":
    """Return a counter of one number for each set of labels; the text format names it `name`_total."""
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, text)
    for labels, value in samples:
        family.add_sample(f"{name}_total", dict(labels), value)
    return family


def gauge(name: str, text: str, samples: Samples) -> "Metric":
    """Return a gauge of one number for each set of labels."""
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text)
    for labels, value in samples:
        family.add_sample(name, dict(labels), value)
    return family


class Latency:
    """How long requests took: their number in each bucket, and the sum."""

    def __init__(self) -> None:
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one request."""
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def cumulative(self) -> tuple[list[tuple[str, float]], float]:
        """Return how many requests took at most so many seconds, for each bound, and the sum of all seconds."""
        total, buckets = 0, []
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self._buckets, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets, self._seconds


def histogram(name: str, text: str, latencies: Sequence[tuple[Mapping[str, str], Latency]]) -> "Metric":
    """Return a histogram of seconds for each set of labels, which all have the same names."""
    from prometheus_client.core import HistogramMetricFamily

    names = list(latencies[0][0]) if latencies else []
    family = HistogramMetricFamily(name, text, labels=names)
    for labels, one in latencies:
        family.add_metric(list(labels.values()), *one.cumulative())
    return family
