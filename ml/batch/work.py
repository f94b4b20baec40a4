"""What a batch has done so far, in a hidden folder beside its output: a run that was killed goes on where it was.

The folder has a lock, held by the process that works in it and let go of with its end; a manifest, which says what
batch it is; and a file for each piece that is done, which counts only for the very rows that it was made of.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from pydantic import ValidationError

from ml.batch.piece import Piece, from_bytes, to_bytes
from ml.io.atomic_write import write_whole
from schemas.base import Strict
from schemas.errors import ContentError

logger = logging.getLogger("drivetrain.batch")
BATCH_DIGITS = 15
_MANIFEST, _LOCK, _JOURNAL = "manifest.json", "lock", "journal"
_BEGUN, _DONE = "begun", "done"
_LONGEST = 50  # characters of an output's name
_WHY = {
    "input": "its input is declared otherwise",
    "fingerprint": "its input has changed",
    "version": "another version is in production",
    "piece": "batch.piece is another",
    "journal": "batch.journal is another",
    "code": "the program is another",
}


class BatchPlan(Strict):
    """What decides which predictions a batch gives, and in which pieces: a run goes on with those of an equal plan.

    `input` and `code` are digests: of how the input is declared, and of the program. `fingerprint` is the input's; None
    where nobody can tell: then a piece counts for equal rows all the same.
    """

    input: str
    fingerprint: str | None
    version: str
    piece: int
    journal: bool
    code: str


class _Manifest(Strict):
    batch: str
    plan: BatchPlan


def work_folder(output: Path) -> Path:
    """Return the hidden folder beside a file for what is done of it."""
    return output.with_name(f".{output.name[:_LONGEST]}.batch")


@dataclass(frozen=True)
class Work:
    """The folder of a batch while one process works in it.

    Attributes:
        folder: Where it is.
        batch: What names the batch, in all runs that go on with it.
        pieces: How many pieces an earlier run has left.
        withdraw: Takes what was written of a batch out of the model's journal.
    """

    folder: Path
    batch: str
    pieces: int
    withdraw: Callable[[str], None]

    def piece(self, number: int, digest: str) -> Piece | None:
        """Return a piece that was done, counted from 0; None if it was not, or of other rows."""
        again = f"rows of piece {number + 1} are predicted again:"
        try:
            found = from_bytes(self._file(number).read_bytes(), digest)
        except FileNotFoundError:
            return None
        except ContentError as error:
            logger.warning("%s %s", again, error)
            return None
        if found is None:
            logger.warning("%s they are others than before", again)
        return found

    def keep(self, number: int, digest: str, piece: Piece) -> None:
        """Keep a piece that is done. Raises ContentError."""
        if _state(self.folder) == _BEGUN:  # all were done before, and this one was of other rows
            self.withdraw(self.batch)
            (self.folder / _JOURNAL).unlink()
        self._write(self._file(number), to_bytes(piece, digest))

    def begin_journal(self) -> None:
        """Note that rows may be in the model's journal from now on. Raises ContentError."""
        if _state(self.folder) != _DONE:
            self._write(self.folder / _JOURNAL, _BEGUN)

    def end_journal(self) -> None:
        """Note that all of them are. Raises ContentError."""
        self._write(self.folder / _JOURNAL, _DONE)

    def finish(self) -> None:
        """Remove the folder: the output is there."""
        with suppress(OSError):  # gone already, or somebody else's again, who waited for the lock's end
            _empty(self.folder)
            (self.folder / _LOCK).unlink()
            self.folder.rmdir()

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}.piece"

    def _write(self, file: Path, content: str | bytes) -> None:
        try:
            write_whole(file, content)
        except OSError as error:
            raise ContentError(f"{self.folder} cannot be written: {error.strerror}") from error


@contextmanager
def working(folder: Path, plan: BatchPlan, withdraw: Callable[[str], None]) -> Iterator[Work]:
    """Give the folder of a batch to this process: to go on with what is there, or to begin anew, which is said.

    Args:
        folder: Where it is; it is made.
        plan: What is to be done.
        withdraw: Takes what a batch that is given up has written out of the model's journal.

    Raises:
        ContentError: If another process works in it, or it cannot be made.
    """
    lock = _locked(folder)
    try:
        try:
            work = _work(folder, plan, withdraw)
        except OSError as error:
            raise ContentError(f"{folder} cannot be written: {error.strerror}") from error
        if work.pieces:
            logger.warning("the batch goes on where an earlier run was: pieces that are done: %s", f"{work.pieces:,}")
        try:
            yield work
        finally:
            if _is_of(lock, folder) and not any(folder.glob("*.piece")):  # it was refused before anything was done
                work.finish()
    finally:
        os.close(lock)


def _work(folder: Path, plan: BatchPlan, withdraw: Callable[[str], None]) -> Work:
    before = _found(folder)
    if before is None or before.plan != plan:
        if before is not None:
            _give_up(folder, before, plan, withdraw)
        _empty(folder)
        before = _Manifest(batch=token_hex(8)[:BATCH_DIGITS], plan=plan)
        write_whole(folder / _MANIFEST, before.model_dump_json())
    return Work(folder, before.batch, len(list(folder.glob("*.piece"))), withdraw)


def _give_up(folder: Path, before: _Manifest, plan: BatchPlan, withdraw: Callable[[str], None]) -> None:
    """Say why nothing that is there is gone on with, and take what was written of it out of the journal."""
    old, new = before.plan.model_dump(), plan.model_dump()
    why = ", ".join(said for key, said in _WHY.items() if old[key] != new[key])
    logger.warning("what an earlier run of this batch has left is given up: %s", why)
    if _state(folder) == _BEGUN:
        withdraw(before.batch)


def _found(folder: Path) -> _Manifest | None:
    try:
        return _Manifest.model_validate_json((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        logger.warning("what is in %s is of another release: it is given up", folder)
        return None


def _state(folder: Path) -> str:
    try:
        return (folder / _JOURNAL).read_text()
    except FileNotFoundError:
        return ""


def _empty(folder: Path) -> None:
    """Remove all but the lock, the manifest first: what is left of a removal is nothing to go on with."""
    (folder / _MANIFEST).unlink(missing_ok=True)
    for file in folder.iterdir():
        if file.name != _LOCK:
            file.unlink(missing_ok=True)


def _locked(folder: Path) -> int:
    """Return the descriptor of a lock that no other process holds. Raises ContentError."""
    while True:
        try:
            folder.mkdir(exist_ok=True)
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # whoever had it before removes the folder just now
            if folder.parent.is_dir():
                continue
            raise ContentError(f"there is no folder {folder.parent}") from None
        except OSError as error:
            raise ContentError(f"{folder} cannot be made: {error.strerror}") from error
        if _holds(descriptor, folder):
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)


def _is_of(descriptor: int, folder: Path) -> bool:
    """Say whether a lock is still that of a folder, which goes with its lock when a batch is done."""
    try:
        return os.path.samestat(os.fstat(descriptor), (folder / _LOCK).stat())
    except FileNotFoundError:
        return False


def _holds(descriptor: int, folder: Path) -> bool:
    """Take the lock; return whether the file is still that of the folder."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _is_of(descriptor, folder)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace")
        os.close(descriptor)
        who = f"process {holder}" if holder else "another process"
        raise ContentError(
            f"another run writes the same output just now ({who}); wait until it has ended, or name another output"
        ) from None
    except OSError as error:
        os.close(descriptor)
        raise ContentError(f"{folder} cannot be locked: {error.strerror}") from error
