"""The key that a program of ours shows to a service."""

import os
from collections.abc import Mapping

VARIABLE = "DRIVETRAIN_API_KEY"
"""The environment variable that holds it: an argument or a file is seen by others."""


def headers() -> Mapping[str, str]:
    """Return the header that shows the key, none where none is set."""
    key = os.environ.get(VARIABLE)
    return {"Authorization": f"Bearer {key}"} if key else {}
