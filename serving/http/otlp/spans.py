"""Spans of the OpenTelemetry SDK to a sink."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from serving.http.otlp.sink import Sink, attributes


class Exporter(SpanExporter):
    """Sends spans; the SDK's batch processor calls it in a thread of its own."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans, which all have the provider's resource."""
        if not spans:
            return SpanExportResult.SUCCESS
        scoped = {"scope": {"name": "drivetrain"}, "spans": [_encoded(span) for span in spans]}
        resource = {"attributes": attributes(spans[0].resource.attributes)}
        sent = self._sink.send({"resourceSpans": [{"resource": resource, "scopeSpans": [scoped]}]})
        return SpanExportResult.SUCCESS if sent else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Do nothing: a sink holds nothing open."""


def _encoded(span: ReadableSpan) -> dict[str, Any]:
    own, parent = span.get_span_context(), span.parent
    assert own is not None, "of a span that was recorded"
    found = {
        "traceId": f"{own.trace_id:032x}",
        "spanId": f"{own.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,  # the protocol has one more before: unspecified
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": attributes(span.attributes or {}),
        "status": {"code": span.status.status_code.value},
    }
    if parent is not None:
        found["parentSpanId"] = f"{parent.span_id:016x}"
    if own.trace_state:
        found["traceState"] = own.trace_state.to_header()
    return found
