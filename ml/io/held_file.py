"""A file that a process holds for as long as it lives: whether it lives does not depend on a clock or on a number.

The kernel lets go of the lock when the process ends, however it ends; its children do not inherit it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE = 1.0  # seconds; whoever looks at the file holds it for a moment
_STEP = 0.01
_WIDTH = 20  # of the number, always the same: it is overwritten in place


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a file, which is made and stays, while the block runs; give False when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        mine = _lock(descriptor)
        if mine:
            with suppress(OSError):  # on a full disk the lock counts nevertheless; what stands there needs no room
                os.pwrite(descriptor, str(os.getpid()).ljust(_WIDTH).encode(), 0)
        yield mine
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """Return the id of the process that holds a file, None when none does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            if (text := os.pread(descriptor, _WIDTH, 0).strip()).isdigit():
                return int(text)
            time.sleep(_STEP)  # it has the lock and is about to write its id
        return None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_STEP)
        else:
            return True
