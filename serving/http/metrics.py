"""`GET /metrics`: what every endpoint counts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from serving.http.endpoint import Page, Reply

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Page):
    """The counters of one worker, for Prometheus to collect."""

    path = "/metrics"
    summary = "Counters and latencies in the Prometheus text format."
    replies = {200: Reply(summary, str, "text/plain")}

    async def respond(self, request: Request) -> Response:
        """Return everything in the text format."""
        from prometheus_client.exposition import generate_latest
        from prometheus_client.registry import CollectorRegistry

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return Response(generate_latest(registry), media_type=_CONTENT_TYPE)

    def collect(self) -> "Iterator[Metric]":
        """Yield the metric families, as prometheus_client asks for them."""
        for endpoint in self._context.endpoints:
            yield from endpoint.metrics()
