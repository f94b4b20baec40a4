"""How long a service may take to stop. Standard library only."""

from math import ceil

_SPARE = 10.0  # seconds beyond those in which every request is answered
_KILLED = 5  # seconds beyond those in which a worker must have ended what is in work


def patience(drain_seconds: float, deadline: float) -> float:
    """Return the seconds in which a worker that was told to stop must have finished what is in work.

    Args:
        drain_seconds: For which it still takes connections.
        deadline: Seconds that a request may take.
    """
    return drain_seconds + deadline + _SPARE


def grace(drain_seconds: float, deadline: float) -> int:
    """Return the seconds after which whoever stops a whole service may kill it; arguments as `patience` has them."""
    return ceil(patience(drain_seconds, deadline)) + _KILLED
