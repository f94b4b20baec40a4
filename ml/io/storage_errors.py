"""What a disk, a folder or a database answers when it cannot be read or written, in one sentence for a person."""

import errno
import os
import shlex
import shutil
import sqlite3
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import DrivetrainError, StorageError
from schemas.home import Home

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WHY = {
    errno.EROFS: "its file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "it is not permitted",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "it is there, and is not a folder",
    errno.EISDIR: "it is a folder",
    errno.EIO: "the disk answers with an error",
    errno.EMFILE: "this process has too many files open",
    errno.ELOOP: "its links go in a circle",
}
_MEND = "put a copy of it back, or begin with an empty one: mv {file} {file}.damaged"
_SQLITE = {
    "database is locked": ("is in use by another process", "end what uses it (fuser {file} names it), and run again"),
    "file is not a database": ("is damaged: it is no database any more", _MEND),
    "malformed": ("is damaged", _MEND),
    "disk i/o error": ("cannot be read or written: the disk answers with an error", _MEND),
    "readonly database": ("cannot be written", "chmod u+w {file}, or mount its disk for writing"),
    "unable to open": ("cannot be opened: no permission, or a folder that is not there", "ls -ld {file}"),
    "is full": ("cannot be written: the disk is full ({free} free)", "free some space, and run again"),
}
_LITTLE = 1 << 20


@dataclass(frozen=True)
class Database:
    """A SQLite file that is used.

    Attributes:
        path: The file.
        within: The modules or packages that alone use it: an error that passed through none of them is of another
            file. Empty: whatever is raised is of this one.
        mark: A file that goes with it where somebody begins with an empty one.
    """

    path: Path
    within: tuple[str, ...] = ()
    mark: Path | None = None

    def is_of(self, chain: list[BaseException]) -> bool:
        """Say whether an error, given with its causes, is of this file."""
        return not self.within or any(
            str(frame.f_globals.get("__name__", "")).startswith(self.within)
            for error in chain
            for frame, _ in traceback.walk_tb(error.__traceback__)
        )


def storage_error(error: BaseException, database: Database | None = None) -> StorageError | None:
    """Return what went wrong for a person; None when it was not storage, or is an error of ours already.

    Args:
        error: Whatever was raised.
        database: The SQLite file that was used, if one was.
    """
    chain = list(_chain(error))
    used = database if database is not None and database.is_of(chain) else None
    for found in chain:
        if isinstance(found, StorageError):
            return found
        if isinstance(found, DrivetrainError):  # it has words of its own, and names what it is about
            return None
        plain = _of_disk(found) if isinstance(found, OSError) else _of_database(found, used)
        if plain is not None:
            return StorageError(*plain)
    return None


@contextmanager
def told_plainly(database: Database | None = None) -> Iterator[None]:
    """Let errors of storage leave the block as `StorageError`; others, and those of ours, as they are."""
    try:
        yield
    except Exception as error:
        plain = storage_error(error, database)
        if plain is None or plain is error:
            raise
        raise plain from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        yield found
        seen.append(found)
        found = found.__cause__


def _of_disk(error: OSError) -> tuple[str, str] | None:
    name = error.filename2 or error.filename  # of a copy, what was written
    path = Path(os.fsdecode(name)) if isinstance(name, (str, bytes, os.PathLike)) else None
    if error.errno in _FULL:
        return _full(path)
    if error.errno not in _WHY or path is None:
        return None
    return f"{path} cannot be read or written: {_WHY[error.errno]}", f"ls -ld {shlex.quote(str(path))}"


def _full(path: Path | None) -> tuple[str, str]:
    """Name what could not be written: a write says why it failed, and not where."""
    places = [path] if path is not None else [place for place in _places() if _free(place) < _LITTLE]
    named = ", ".join(f"{place} ({_size(_free(place))} free)" for place in places) or "a file that a run writes"
    return f"The disk is full: {named} cannot be written", "free some space, or name a folder on another disk"


def _places() -> list[Path]:
    named = [os.environ.get(key) for key in ("ZENML_CONFIG_PATH", "ZENML_LOCAL_STORES_PATH", "BENTOML_HOME")]
    return [Home.here().root, Path.cwd(), *(Path(name) for name in named if name), Path(tempfile.gettempdir())]


def _free(path: Path) -> int:
    there = path if path.exists() else next((above for above in path.parents if above.exists()), Path("/"))
    return shutil.disk_usage(there).free


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _of_database(error: BaseException, database: Database | None) -> tuple[str, str] | None:
    cause = getattr(error, "orig", error)
    if not isinstance(cause, sqlite3.Error):
        return None
    found = next((told for part, told in _SQLITE.items() if part in str(cause).lower()), None)
    if found is None:
        return None
    what, hint = found
    if database is None:
        free = _size(_free(Path()))
        return f"A SQLite file that the run uses {what.format(free=free)}", "the step that uses it knows which one"
    beside = f" && rm -f {shlex.quote(str(database.mark))}" if database.mark is not None and hint is _MEND else ""
    told = hint.format(file=shlex.quote(str(database.path)))
    return f"{database.path} {what.format(free=_size(_free(database.path)))}", told + beside
