"""What is counted of requests to /predict, by the version that answered."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from serving.http.families import Latency, counter, histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

NO_VERSION = ""
"""Of requests that came before there was a version, or were refused before one was chosen."""


class Counts:
    """Requests and rows of one version."""

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.latency = Latency()
        self.predicted = self.refused = self.for_review = self.flagged = 0  # rows


class CountsByVersion:
    """Requests and rows of every version that this worker answered with."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._of: dict[str, Counts] = {}

    def of(self, version: str) -> Counts:
        """Return what is counted of a version."""
        found = self._of.get(version)
        if found is None:
            found = self._of[version] = Counts()
        return found

    def metrics(self) -> "Iterator[Metric]":
        """Yield requests by status, rows, and how long requests took."""
        all_of = [({"model": self._model, "version": version}, one) for version, one in sorted(self._of.items())]
        requests = [
            (mine | {"status": str(status)}, count)
            for mine, one in all_of
            for status, count in sorted(one.requests.items())
        ]
        rows = [(mine, one) for mine, one in all_of if mine["version"] != NO_VERSION]
        yield counter("drivetrain_requests", "Requests to /predict by version and status.", requests)
        yield counter("drivetrain_rows", "Rows predicted.", [(mine, one.predicted) for mine, one in rows])
        refused = [(mine, one.refused) for mine, one in rows]
        yield counter("drivetrain_row_errors", "Rows refused beside others that were predicted.", refused)
        yield counter(
            "drivetrain_needs_review", "Rows routed to review.", [(mine, one.for_review) for mine, one in rows]
        )
        flagged = [(mine, one.flagged) for mine, one in rows]
        yield counter("drivetrain_flagged_rows", "Rows predicted with something to tell of their values.", flagged)
        latencies = [(mine, one.latency) for mine, one in all_of]
        yield histogram("drivetrain_request_seconds", "Seconds a request to /predict took.", latencies)
