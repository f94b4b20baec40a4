"""Spans and metrics by OTLP/HTTP in its JSON form: what deploy.telemetry sends. Nothing is imported without it."""
