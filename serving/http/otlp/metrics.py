"""The families of `/metrics` to a sink, every so often, from a thread of their own."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from serving.http.metric_table import FAMILIES
from serving.http.otlp.sink import Sink, attributes

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.samples import Sample

logger = logging.getLogger("bentoml.drivetrain")
_CUMULATIVE = 2
_UNITS = {family.name: {"seconds": "s", "yes or no": "1"}.get(family.unit, f"{{{family.unit}}}") for family in FAMILIES}
Families = Callable[[], "Iterable[Metric]"]


class Reporter:
    """Sends what is counted.

    Args:
        sink: To where.
        resource: Whose figures they are.
        families: What gives them, asked each time.
        every: Seconds between two reports.
    """

    def __init__(self, sink: Sink, resource: Mapping[str, Any], families: Families, every: float) -> None:
        self._sink, self._resource, self._families, self._every = sink, attributes(resource), families, every
        self._began, self._over = str(time.time_ns()), threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Send a last report and end, within so many seconds."""
        self._over.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            self._report()
        self._report()

    def _report(self) -> None:
        try:
            metrics = [_encoded(family, self._began, str(time.time_ns())) for family in self._families()]
        except RuntimeError:  # a version was counted for the first time meanwhile: the next report has it
            return
        scoped = {"scope": {"name": "drivetrain"}, "metrics": [one for one in metrics if one is not None]}
        self._sink.send({"resourceMetrics": [{"resource": {"attributes": self._resource}, "scopeMetrics": [scoped]}]})


def _encoded(family: "Metric", began: str, now: str) -> dict[str, Any] | None:
    """Return a family in OTLP's JSON form, None where it has no sample."""
    if not family.samples:
        return None
    times = {"startTimeUnixNano": began, "timeUnixNano": now}
    head = {"name": family.name, "description": family.documentation, "unit": _UNITS.get(family.name, "")}
    if family.type == "histogram":
        points = [{**times, **point} for point in _histograms(family.samples)]
        return {**head, "histogram": {"aggregationTemporality": _CUMULATIVE, "dataPoints": points}}
    points = [{**times, "attributes": attributes(one.labels), "asDouble": float(one.value)} for one in family.samples]
    if family.type == "counter":
        return {**head, "sum": {"aggregationTemporality": _CUMULATIVE, "isMonotonic": True, "dataPoints": points}}
    return {**head, "gauge": {"dataPoints": points}}


def _histograms(samples: "Iterable[Sample]") -> Iterator[dict[str, Any]]:
    """Yield a point for each set of labels; Prometheus counts up to each bound, OTLP between two of them."""
    found: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for one in samples:
        labels = {key: value for key, value in one.labels.items() if key != "le"}
        point = found.setdefault(tuple(labels.items()), {"labels": labels, "bounds": [], "counts": [], "sum": 0.0})
        if one.name.endswith("_bucket"):
            point["bounds"].append(float(one.labels["le"]))
            point["counts"].append(int(one.value))
        elif one.name.endswith("_sum"):
            point["sum"] = float(one.value)
    for point in found.values():
        counts = point["counts"]
        yield {
            "attributes": attributes(point["labels"]),
            "count": str(counts[-1]),
            "sum": point["sum"],
            "explicitBounds": point["bounds"][:-1],
            "bucketCounts": [str(count - before) for before, count in zip([0, *counts], counts, strict=False)],
        }
