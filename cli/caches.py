"""What libraries cache goes to DRIVETRAIN_HOME, not to the person's home."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.home import Home

_FOLDERS = {"MPLCONFIGDIR": "matplotlib", "UV_CACHE_DIR": "uv"}


@contextmanager
def caches_at_home() -> Iterator[None]:
    """Name the caches' folders while a command runs, where the environment does not name them."""
    given = {key: os.environ[key] for key in _FOLDERS if key in os.environ}
    os.environ.update({key: str(Home.here().cache(name)) for key, name in _FOLDERS.items() if key not in given})
    try:
        yield
    finally:
        for key in _FOLDERS.keys() - given.keys():
            os.environ.pop(key, None)
