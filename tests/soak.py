"""How long the long tests are: short in the suite, as long as was promised in `make soak`."""

import os

SOAKING = os.environ.get("DRIVETRAIN_SOAK") == "1"


def count(small: int, large: int) -> int:
    """Return how many tries a test makes: `large` in `make soak`."""
    return large if SOAKING else small
