"""Where telemetry goes, as OpenTelemetry's own variables say, and the sending of it.

Source: OpenTelemetry specification, "OTLP Exporter Configuration" (OTEL_EXPORTER_OTLP_*), and OTLP/HTTP, JSON encoding.
"""

import http.client
import json
import logging
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

logger = logging.getLogger("bentoml.drivetrain")
Signal = Literal["traces", "metrics"]
_PREFIX = "OTEL_EXPORTER_OTLP_"
_HERE = "http://localhost:4318"
_TIMEOUT = 10_000  # milliseconds
_LAST_SECONDS = 1.0  # that one sending may take once the service ends
_ERRORS = (OSError, http.client.HTTPException, ValueError)


class Sink:
    """One signal's way to a collector; whatever becomes of it, nothing is raised.

    Args:
        signal: What is sent.
        environment: The process's variables; headers, which may hold a secret, are read nowhere else.
    """

    def __init__(self, signal: Signal, environment: Mapping[str, str]) -> None:
        self._signal = signal
        base = environment.get(f"{_PREFIX}ENDPOINT") or _HERE
        own = environment.get(f"{_PREFIX}{signal.upper()}_ENDPOINT")
        self._url = own or f"{base.rstrip('/')}/v1/{signal}"
        self._headers = {"content-type": "application/json", **_headers(_of(signal, "HEADERS", environment))}
        self._seconds = _number(_of(signal, "TIMEOUT", environment), _TIMEOUT) / 1000
        self._certificates = _of(signal, "CERTIFICATE", environment) or None
        self._told = ""
        self._ends = False

    @property
    def place(self) -> str:
        """Where it goes, without who asks and without a path."""
        try:
            parts = urlsplit(self._url)
            return f"{parts.scheme}://{parts.hostname or '?'}{'' if parts.port is None else f':{parts.port}'}"
        except ValueError:
            return "an address that is none"

    def end(self) -> None:
        """Take little time from now on, and none after a failure."""
        self._ends = True

    def send(self, content: Any) -> bool:
        """Send, and say whether it was taken; the first of several failures is in the log."""
        if self._ends and self._told:
            return False
        data = json.dumps(content, separators=(",", ":")).encode()
        seconds = min(self._seconds, _LAST_SECONDS) if self._ends else self._seconds
        if not self._url.startswith(("http://", "https://")):
            return self._failed("it begins with neither http:// nor https://")
        try:
            request = urllib.request.Request(self._url, data, self._headers, method="POST")
            with urllib.request.urlopen(request, timeout=seconds, context=self._context()) as answer:
                answer.read(1_000)
        except urllib.error.HTTPError as error:
            return self._failed(f"it answers {error.code}")
        except _ERRORS as error:
            return self._failed(str(getattr(error, "reason", None) or type(error).__name__))
        if self._told:
            logger.info("%s are sent to %s again", self._signal, self.place)
        self._told = ""
        return True

    def _context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self._certificates) if self._url.startswith("https:") else None

    def _failed(self, why: str) -> bool:
        if why != self._told:
            logger.warning("%s cannot be sent to %s: %s; answers go on", self._signal, self.place, why)
        self._told = why
        return False


def _of(signal: Signal, name: str, environment: Mapping[str, str]) -> str:
    """Return a variable of a signal, else that of all of them."""
    return environment.get(f"{_PREFIX}{signal.upper()}_{name}") or environment.get(f"{_PREFIX}{name}") or ""


def _headers(text: str) -> dict[str, str]:
    """Return the headers of `key=value,key=value`, which are percent-encoded; what is no pair is left out."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {unquote(key.strip()).lower(): unquote(value.strip()) for key, _, value in pairs}


def _number(text: str, usual: int) -> int:
    return int(text) if text.isdigit() and int(text) > 0 else usual


def milliseconds(environment: Mapping[str, str], name: str, usual: int) -> float:
    """Return the seconds that a variable gives as milliseconds; those of `usual` where it gives none."""
    return _number(environment.get(name, ""), usual) / 1000


def attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return attributes in OTLP's JSON form."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": str(value)}
