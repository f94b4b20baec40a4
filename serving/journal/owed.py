"""What one worker owes the journal under the policy `drop`, kept where a kill does not reach it.

Requests that were answered before their commit, and counts of what was lost. Written only while the journal takes
nothing, or is slow.
"""

import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine

from serving.journal.insertion import Request, Row
from serving.journal.location import place
from serving.journal.loss import Loss
from serving.journal.owed_file import OwedFile

COUNTS = 256
"""Counts that a file has room for."""
_RESERVED = 64  # of them, for versions and reasons of which none is open


class Owed:
    """The owner of a `file`, which it alone writes; without one nothing is noted.

    Args:
        path: The file, locked by `descriptor`; None: nothing is noted.
        descriptor: The file, empty.
        held: Requests that may be held at once.
        journal: Hash of where the journal is.

    Raises:
        OSError: If the file has no room.
    """

    def __init__(self, path: Path | None = None, descriptor: int = -1, held: int = 0, journal: bytes = b"") -> None:
        self.file = None if path is None else OwedFile(descriptor, held, COUNTS, journal)
        self._path, self._descriptor = path, descriptor
        self._lock = threading.Lock()
        self._serial = 0
        self._free, self._held = list(range(held)), dict[int, tuple[int, int]]()  # place and serial by identity
        self._free_counts, self._counts = list(range(COUNTS)), dict[str, int]()
        self._settled: set[int] = set()  # lost, or left, while their answers waited: by identity
        self.left = 0  # requests of which the next worker is to say whether they are lost

    @property
    def is_kept(self) -> bool:
        """Whether what is noted outlives this process."""
        return self.file is not None

    def hold(self, request: Request) -> bool:
        """Note a request that is to be answered, unless it is counted already; return whether that was possible."""
        with self._lock:
            return self.file is None or id(request) in self._settled or self._hold(self.file, request)

    def leave(self, request: Request) -> bool:
        """Note a request of which the next worker is to say whether it is lost; return whether that was possible.

        What becomes of its answer changes nothing any more.
        """
        with self._lock:
            if self.file is None or not (id(request) in self._held or self._hold(self.file, request)):
                return False
            self._held.pop(id(request))
            self._settled.add(id(request))
            self.left += 1
            return True

    def release(self, rows: Iterable[Row | None]) -> None:
        """Hold what is committed no longer, as far as it was."""
        if self._held:
            with self._lock:
                for row in rows:
                    self._let_go(row)

    def answered(self, request: Request) -> None:
        """Note that an answer waits no longer."""
        self._settled.discard(id(request))

    @property
    def has_room(self) -> bool:
        """Whether there is a place for one more count of a version and reason of which another one is open."""
        return self.file is None or len(self._free_counts) > _RESERVED

    def count(self, key: str, loss: Loss, request: Request, *, waits: bool) -> None:
        """Note what a count is now that a request is in it, which is held no longer.

        Args:
            key: The count's.
            loss: What it is now.
            request: The one that was added.
            waits: Whether its answer may still wait, and must not be noted when it does no longer.
        """
        with self._lock:
            if self.file is None:
                return
            _, serial = self._held.get(id(request), (0, 0))
            if key not in self._counts and self._free_counts:
                self._counts[key] = self._free_counts.pop()
            if key in self._counts:
                self.file.count(self._counts[key], key, loss, serial)
                self._let_go(request)
            if waits and not serial:
                self._settled.add(id(request))

    def written(self, keys: Iterable[str]) -> None:
        """Note that counts are in the journal."""
        with self._lock:
            for key in keys:
                if self.file is not None and (place := self._counts.pop(key, None)) is not None:
                    self.file.forget(place)
                    self._free_counts.append(place)

    def close(self) -> None:
        """End; the file stays for the next worker if something is in it."""
        with self._lock:
            if self.file is None or self._path is None:
                return
            self.file.close()
            self.file = None
            if not (self._held or self._counts or self.left):
                with suppress(OSError):  # the next worker finds nothing in it
                    self._path.unlink(missing_ok=True)
            os.close(self._descriptor)

    def _hold(self, file: OwedFile, request: Request) -> bool:
        if not self._free:
            return False
        self._serial += 1
        place = self._free.pop()
        file.hold(place, self._serial, request)
        self._held[id(request)] = (place, self._serial)
        return True

    def _let_go(self, row: Row | None) -> None:
        place, _ = self._held.pop(id(row), (None, 0))
        if self.file is not None and place is not None:
            self.file.release(place)
            self._free.append(place)


def hash_of(engine: Engine) -> bytes:
    """Return what tells a journal from others, wherever it is: 32 bytes."""
    return hashlib.sha256(place(engine.url).encode()).digest()
