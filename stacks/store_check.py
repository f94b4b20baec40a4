"""ZenML's configuration and its SQLite store, looked at before ZenML opens them: what is broken is told, not mended.

ZenML replaces a configuration that it cannot read and makes a new store where the file is empty or gone. Runs,
versions and stacks would be lost without a word, and the numbers of versions would begin again, while a journal goes on
naming the old ones. So a store that was used here, and is empty now, is refused until a person says so.
"""

import shlex
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ml.io.atomic_write import write_whole
from ml.io.storage_errors import Database, storage_error
from schemas.errors import StorageError

LONGEST = 60.0  # seconds that a lock is waited for
_QUIETLY = 3.0
_KNOWN = ".drivetrain-store"


def mark_of(folder: Path) -> Path:
    """Return the file that says that the store was used, in ZenML's configuration `folder`."""
    return folder / _KNOWN


def check_config(folder: Path) -> None:
    """Refuse a configuration of ZenML's that cannot be read.

    Raises:
        StorageError: With the file, and where in it.
    """
    import yaml

    path = folder / "config.yaml"
    if not path.exists():
        return
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        raise StorageError(f"{path} is not YAML{line}", _mend_config(path)) from error
    if found is not None and not isinstance(found, dict):
        raise StorageError(f"{path} is no configuration of ZenML's", _mend_config(path))


def check_store(path: Path, folder: Path, note: Callable[[str], None], longest: float = LONGEST) -> None:
    """Wait until nobody has the store locked; refuse one that is damaged or was lost.

    Args:
        path: The SQLite file.
        folder: ZenML's configuration.
        note: Takes what a person should hear while waiting.
        longest: Seconds that a lock is waited for.

    Raises:
        StorageError: If it was used before and is empty or gone, is no database, cannot be written, or stays locked.
    """
    known = folder / _KNOWN
    was_used = known.exists() and known.read_text(encoding="utf-8") == str(path)
    if not path.exists() or path.stat().st_size == 0:
        if was_used:
            raise _lost(path, known)
        return
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise damaged(path, folder)
    _await(path, folder, note, longest)
    if was_used and not _has_stacks(path):
        raise _lost(path, known)


def _lost(path: Path, known: Path) -> StorageError:
    state = "is empty" if path.exists() else "is gone"
    what = f"The ZenML store {path} {state}: the runs, versions and stacks that it knew are lost"
    return StorageError(what, f"put a copy of it back, or begin with an empty one: rm {shlex.quote(str(known))}")


def _has_stacks(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'stack'").fetchone()
    return bool(found[0])


def remember_store(path: Path, folder: Path) -> None:
    """Note that the store was used, so that its loss is seen."""
    known = folder / _KNOWN
    if not known.exists() or known.read_text(encoding="utf-8") != str(path):
        write_whole(known, str(path))


def damaged(path: Path, folder: Path) -> StorageError:
    """Return what is to be said of a store whose pages are damaged."""
    file, known = shlex.quote(str(path)), shlex.quote(str(folder / _KNOWN))
    aside = f"mv {file} {file}.damaged && rm -f {known}"
    hint = f"put a copy of it back, or begin with an empty one: {aside}"
    return StorageError(f"The ZenML store {path} is damaged", hint)


def _await(path: Path, folder: Path, note: Callable[[str], None], longest: float) -> None:
    began, is_told = time.monotonic(), False
    while (error := _refusal(path)) is not None:
        waited = time.monotonic() - began
        if "locked" not in str(error) or waited > longest:
            raise _plain(error, path, folder) from error
        if waited > _QUIETLY and not is_told:
            note(f"the ZenML store {path} is in use by another process; waiting up to {longest:g} s")
            is_told = True
        time.sleep(0.1)


def _refusal(path: Path) -> sqlite3.Error | None:
    """Begin to write, and return why that is refused."""
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT count(*) FROM sqlite_master")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        return error
    return None


def _plain(error: sqlite3.Error, path: Path, folder: Path) -> Exception:
    if "malformed" in str(error) or "not a database" in str(error):
        return damaged(path, folder)
    return storage_error(error, Database(path)) or error


def _mend_config(path: Path) -> str:
    file = shlex.quote(str(path))
    return f"mend it, or let ZenML begin with a new one: mv {file} {file}.broken"
