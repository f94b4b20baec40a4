"""A lock among processes: one holds a file, the others wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_at_a_time(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Wait until no other process holds the file, which is made with the folders above it and stays.

    The lock ends with the process that holds it, however that ends.

    Raises:
        filelock.Timeout: If another process holds it and `wait` is false.
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path, timeout=-1 if wait else 0):
        yield
