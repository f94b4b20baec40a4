"""How long a service may take to stop. Standard library only."""

_SPARE = 10.0  # seconds beyond those in which every request is answered


def patience(drain_seconds: float, deadline: float) -> float:
    """Return the seconds in which a worker that was told to stop must have finished what is in work.

    Args:
        drain_seconds: For which it still takes connections.
        deadline: Seconds that a request may take.
    """
    return drain_seconds + deadline + _SPARE
