"""What is counted of requests to /predict, by the version that answered."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from serving.http import metric_table as table
from serving.http.families import Latency

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
        self.journal_failures = 0

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
        yield table.REQUESTS.of(requests)
        yield table.ROWS.of([(mine, one.predicted) for mine, one in rows])
        yield table.ROW_ERRORS.of([(mine, one.refused) for mine, one in rows])
        yield table.NEEDS_REVIEW.of([(mine, one.for_review) for mine, one in rows])
        yield table.FLAGGED_ROWS.of([(mine, one.flagged) for mine, one in rows])
        yield table.SECONDS.of_latencies([(mine, one.latency) for mine, one in all_of])
        yield table.JOURNAL_FAILURES.of([({"model": self._model}, self.journal_failures)])
