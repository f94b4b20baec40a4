"""The folder where a service's workers note what they owe the journal, and whose each of its files is.

A lock on each file says whether its owner lives: it ends with the process, however that ends, and only one other gets
it.
"""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from serving.journal.owed import Owed

_ENDING = ".owed"
_LOCK = ".lock"


class Left(NamedTuple):
    """The file of a worker that is gone, locked."""

    path: Path
    descriptor: int

    def content(self) -> bytes:
        """Return what is in it. Raises OSError."""
        with os.fdopen(os.dup(self.descriptor), "rb") as file:
            file.seek(0)
            return file.read()


def left(folder: Path, known: Collection[Path], *, waits: bool) -> Iterator[Left]:
    """Lock the files of workers that are gone, and yield each.

    Args:
        folder: The folder; one that is not there has none.
        known: Files that are passed over.
        waits: Whether to wait where somebody else looks, or makes a file.

    Raises:
        OSError: If it cannot be looked at; BlockingIOError where somebody else does.
    """
    if not folder.exists():
        return
    with _alone_in(folder, waits=waits):
        refused: OSError | None = None
        for path in sorted(set(folder.glob(f"*{_ENDING}")) - set(known)):
            try:
                descriptor = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            except OSError as error:  # somebody else's, say: those behind it are looked at
                refused = error
                continue
            if _is_mine(descriptor):
                yield Left(path, descriptor)
            else:
                os.close(descriptor)
        if refused is not None:
            raise refused


def made(folder: Path, held: int, journal: bytes) -> Owed:
    """Make a worker's own file; its lock ends with this process.

    Args:
        folder: The folder; it is made, too.
        held: Requests that there is to be room for.
        journal: Hash of where the journal is.

    Raises:
        OSError: If it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone_in(folder, waits=True):
        path = folder / f"{os.getpid()}_{uuid4().hex}{_ENDING}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            return Owed(path, descriptor, held, journal)
        except OSError:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise


@contextmanager
def _alone_in(folder: Path, *, waits: bool) -> Iterator[None]:
    """Keep others from making files, or looking for them, in the block: who sees one that is not locked may take it."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _is_mine(descriptor: int) -> bool:
    """Lock a file; return whether neither its owner lives nor another one has taken it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0
