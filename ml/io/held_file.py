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
_SETTLED = 0.1  # seconds after which a number that names no process here is the holder's, of another container
_WIDTH = 20  # of the number, always the same: it is overwritten in place


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a file, which is made and stays, while the block runs; give False when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        mine = _lock(descriptor)
        if mine:
            _write(descriptor, str(os.getpid()))
        try:
            yield mine
        finally:
            if mine:
                _write(descriptor, "")  # whoever has it next is not taken for us
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """Return the id of the process that holds a file, None when none does.

    What a killed holder wrote stands there until the next one has written its own id, a moment after it has the lock.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        began, stood, since = time.monotonic(), "", 0.0
        while (now := time.monotonic()) < began + _PATIENCE:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            text = os.pread(descriptor, _WIDTH, 0).decode(errors="replace").strip()
            if text != stood:
                stood, since = text, now
            if text.isdigit() and (_lives(int(text)) or now > since + _SETTLED):
                return int(text)
            time.sleep(_STEP)
        return None
    finally:
        os.close(descriptor)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _write(descriptor: int, text: str) -> None:
    with suppress(OSError):  # on a full disk the lock counts nevertheless; what stands there needs no room
        os.pwrite(descriptor, text.ljust(_WIDTH).encode(), 0)


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
