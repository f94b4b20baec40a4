"""`GET /metrics`: what every endpoint counts."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from serving.http.endpoint import Context, Page, Reply
from serving.http.metric_table import ACCESS_LOG_DROPPED, WAITING
from serving.http.sharing import plain
from serving.process.tally import Family

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Page):
    """The counters of all workers, for Prometheus to collect."""

    path = "/metrics"
    summary = "Counters and latencies in the Prometheus text format."
    replies = {200: Reply(summary, str, "text/plain")}

    async def respond(self, request: Request) -> Response:
        """Return everything in the text format."""
        mine, number = plain(self.collect()), self._context.worker.sharing.number()
        return Response(await asyncio.to_thread(self._text, mine, number), media_type=_CONTENT_TYPE)

    def _text(self, mine: list[Family], number: int) -> bytes:
        from prometheus_client.exposition import generate_latest
        from prometheus_client.registry import CollectorRegistry

        sharing = self._context.worker.sharing
        sharing.write(mine, state_of(self._context), number)  # so that no other worker tells less than we do
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Told(sharing.of_all(mine)))
        return generate_latest(registry)

    def metrics(self) -> "Iterator[Metric]":
        """Yield what is of the whole worker: how many requests wait, and what its log could not take."""
        mine, log = {"model": self._context.settings.model}, self._context.worker.access_log
        admission = self._context.worker.admission
        yield WAITING.of([(mine, admission.waiting + admission.elsewhere)])
        yield ACCESS_LOG_DROPPED.of([(mine, 0 if log is None else log.dropped)])

    def collect(self) -> "Iterator[Metric]":
        """Yield the metric families of this worker."""
        for endpoint in self._context.endpoints:
            yield from endpoint.metrics()


def state_of(context: Context) -> str:
    """Return how this worker is, as it ends a sentence about it."""
    if context.worker.leaving.is_under_way:
        return "is about to stop"
    current = context.follower.current
    if context.follower.is_ready and current is not None:
        return f"answers with version {current.version}"
    return f"is not ready: {context.follower.journal.withholds or context.follower.why_not_ready}"


class _Told:
    """Families as prometheus_client asks for them."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import Metric

        for one in self._families:
            metric = Metric(one.name, one.text, one.kind)
            for (name, labels), value in one.samples.items():
                metric.add_sample(name, dict(labels), value)
            yield metric
