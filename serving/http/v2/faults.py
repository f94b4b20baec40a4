"""What is wrong with a request of the protocol: for its sender with what it sent, for the log without."""

from serving.http.errors import HttpError

_QUOTED = 100  # characters


def fault(message: str, reason: str | None = None) -> HttpError:
    """Return a 400; `reason` is what the log says where the message quotes what was sent."""
    return HttpError(400, message, reason=reason)


def fault_of(name: str, what: str) -> HttpError:
    """Return a 400 of one tensor."""
    return fault(f"the tensor {quoted(name)} {what}", "a tensor is not as it must be")


def quoted(name: str) -> str:
    """Return a name that was sent, shortened."""
    return repr(name if len(name) <= _QUOTED else name[:_QUOTED] + "…")
