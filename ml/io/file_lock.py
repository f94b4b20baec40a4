"""A lock among processes: one holds a file, the others wait for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MOMENT = 3.0
"""Seconds that nothing is said of."""


@contextmanager
def one_at_a_time(path: Path, *, wait: bool = True, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Wait until no other process holds the file, which is made with the folders above it and stays.

    The lock ends with the process that holds it, however that ends.

    Args:
        path: The file.
        wait: Whether to wait at all.
        waiting: Called once where it is waited for longer than a moment.

    Raises:
        filelock.Timeout: If another process holds it and `wait` is false.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=-1 if wait else 0)
    if wait and waiting is not None:
        try:
            lock.acquire(timeout=MOMENT)
        except Timeout:
            waiting()
            lock.acquire()
    else:
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
