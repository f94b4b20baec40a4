"""What deploy.telemetry sends of each request: a span; and every so often the metrics. Nothing waits for it.

Spans are made once a request is answered: the answer's path has one look at a header more. They are handed to the
SDK's batch processor, which drops the oldest where its queue is full.
"""

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, set_span_in_context
from opentelemetry.trace.span import TraceState
from starlette.types import Scope

from serving.http.otlp.metrics import Reporter
from serving.http.otlp.sink import Sink, milliseconds
from serving.http.otlp.spans import Exporter
from serving.http.traceparent import TRACE, Traceparent

if TYPE_CHECKING:
    from serving.http.otlp.metrics import Families

_INTERVAL = 60_000  # milliseconds between two reports of metrics
_LAST_SECONDS = 2.0
_SPOKEN = ("", "http/json", "http/protobuf")  # collectors take JSON where they take the latter
logger = logging.getLogger("bentoml.drivetrain")


class Telemetry:
    """Spans and metrics of one worker.

    Args:
        model: The model's name.
        worker: What tells this worker from others.
    """

    def __init__(self, model: str, worker: str) -> None:
        protocol = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "")
        if protocol not in _SPOKEN:
            logger.warning("OTEL_EXPORTER_OTLP_PROTOCOL %r is not spoken here; http/json is sent", protocol)
        declared = OTELResourceDetector().detect().attributes  # OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
        usual = {"service.name": f"drivetrain-{model}", "service.instance.id": worker}
        self._resource = Resource.create({key: value for key, value in usual.items() if key not in declared})
        self._model = model
        self._sinks = (Sink("traces", os.environ), Sink("metrics", os.environ))
        self._provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(Exporter(self._sinks[0])))
        self._tracer = self._provider.get_tracer("drivetrain")
        self._reporter: Reporter | None = None

    def report(self, families: "Families") -> None:
        """Begin to send metrics."""
        every = milliseconds(os.environ, "OTEL_METRIC_EXPORT_INTERVAL", _INTERVAL)
        self._reporter = Reporter(self._sinks[1], self._resource.attributes, families, every)

    def span(self, scope: Scope, route: str, status: int, seconds: float, more: dict[str, str | int]) -> None:
        """Note a request that was answered now, after so many seconds; `more` is what is known of it besides."""
        method, now = scope["method"], time.time_ns()
        parent: Traceparent | None = scope.get(TRACE)
        span = self._tracer.start_span(
            f"{method} {route}",
            None if parent is None else set_span_in_context(NonRecordingSpan(_remote(parent, scope))),
            SpanKind.SERVER,
            {
                "http.request.method": method,
                "http.route": route,
                "url.path": scope["path"],
                "http.response.status_code": status,
                "drivetrain.model": self._model,
                **more,
            },
            start_time=now - int(seconds * 1e9),
        )
        if status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(now)

    def close(self) -> None:
        """Send what is left, and wait a moment for it."""
        for sink in self._sinks:
            sink.end()
        ending = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
        ending.start()
        ends = time.monotonic() + _LAST_SECONDS
        if self._reporter is not None:
            self._reporter.close(_LAST_SECONDS)
        ending.join(max(0.0, ends - time.monotonic()))


def _remote(parent: Traceparent, scope: Scope) -> SpanContext:
    """Return the caller's span; its `tracestate` goes on with what we send."""
    states = [value.decode("latin-1") for name, value in scope["headers"] if name == b"tracestate"]
    state = TraceState.from_header(states) if states else None
    return SpanContext(parent.trace_id, parent.span_id, True, TraceFlags(parent.flags), state)
