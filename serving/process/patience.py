"""How long a service may take to stop. Standard library only."""

from math import ceil

_SPARE = 10.0  # seconds beyond those in which every request is answered and the worker has closed
_KILLED = 5  # seconds beyond those in which a worker must have ended what is in work


def lock_timeout(deadline: float) -> float:
    """Return the seconds to wait while somebody else writes the journal.

    A request can wait for the group before it and then for its own: both end before its deadline, `deadline` seconds.
    """
    return min(5.0, 0.4 * deadline)


def closing(deadline: float) -> float:
    """Return the seconds in which a worker must have closed that has nothing in work any more.

    The journal's thread may be in one attempt, and makes one more; what else writes to it waits once, side by side.
    """
    return 3 * lock_timeout(deadline) + 1.0


def patience(drain_seconds: float, deadline: float) -> float:
    """Return the seconds in which a worker that was told to stop must have finished what is in work, and closed.

    Args:
        drain_seconds: For which it still takes connections.
        deadline: Seconds that a request may take.
    """
    return drain_seconds + deadline + closing(deadline) + _SPARE


def grace(drain_seconds: float, deadline: float) -> int:
    """Return the seconds after which whoever stops a whole service may kill it; arguments as `patience` has them."""
    return ceil(patience(drain_seconds, deadline)) + _KILLED
