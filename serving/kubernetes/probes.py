"""Probes of containers, and what is done when they start and stop."""

from collections.abc import Collection, Iterator

from schemas.errors import Fault
from serving.kubernetes.choices import choice_faults, one_of_faults
from serving.kubernetes.numbers import INT32, INT64, number_faults
from serving.kubernetes.place import Place
from serving.kubernetes.ports import is_port

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_ASKS = ("exec", "httpGet", "tcpSocket", "grpc")
_DOES = ("exec", "httpGet", "tcpSocket", "sleep")


def probe_faults(container: Place) -> Iterator[Fault]:
    """Yield what is wrong with the probes of a container, and with its handlers of start and stop."""
    for key in PROBES:
        if container.values.get(key) is not None:
            yield from _handler_faults(container, container.inside(key), _ASKS)
            yield from _number_faults(container.inside(key), key)
    lifecycle = container.inside("lifecycle")
    for key in ("postStart", "preStop"):
        if lifecycle.values.get(key) is not None:
            yield from _handler_faults(container, lifecycle.inside(key), _DOES)


def _number_faults(probe: Place, kind: str) -> Iterator[Fault]:
    yield from number_faults(probe, "initialDelaySeconds", "seconds", 0)
    for key in ("periodSeconds", "timeoutSeconds"):
        yield from number_faults(probe, key, "seconds", 1)
    yield from number_faults(probe, "failureThreshold", "times", 1)
    is_readiness = kind == "readinessProbe"  # the others end at the first success, or go on as before
    yield from number_faults(probe, "successThreshold", "times", 1, INT32 if is_readiness else 1)
    if is_readiness and probe.values.get("terminationGracePeriodSeconds") is not None:
        yield probe.fault("terminationGracePeriodSeconds", "a readinessProbe ends no container: it has none")
    else:
        yield from number_faults(probe, "terminationGracePeriodSeconds", "seconds", 1, INT64)


def _handler_faults(container: Place, handler: Place, known: Collection[str]) -> Iterator[Fault]:
    yield from one_of_faults(handler, known, "handler")
    if handler.values.get("exec") is not None and not handler.inside("exec").values.get("command"):
        yield handler.fault("exec.command", "there is no command")
    for key in ("httpGet", "tcpSocket", "grpc"):
        if key in known and handler.values.get(key) is not None:
            yield from _port_faults(container, handler.inside(key), by_name=key != "grpc")
    yield from choice_faults(handler.inside("httpGet"), "scheme", ("HTTP", "HTTPS"))


def _port_faults(container: Place, asked: Place, *, by_name: bool) -> Iterator[Fault]:
    """Yield that a port is none; a number may be one that the container does not declare, a name may not."""
    port = asked.values.get("port")
    names = [one.text("name") for one in container.entries("ports")]
    if not (is_port(port) or (by_name and isinstance(port, str) and port in names)):
        yield asked.fault("port", f"the container has no port {port!r}")
