"""Folders and files for as long as a process needs them, and what is left of those whose process was killed.

Their names hold the process, so that whoever comes later can tell what is in use from what nobody will ever want.
"""

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from glob import escape
from pathlib import Path
from secrets import token_hex

from ml.io.process_token import is_abandoned, token

_PREFIX = "drivetrain-"


def scratch_folder(kind: str) -> "tempfile.TemporaryDirectory[str]":
    """Return a folder among the system's temporary ones; it goes when the object is closed or collected."""
    return tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{kind}-{token()}-")


def remove_abandoned(home: Path) -> None:
    """Remove what killed processes left among the temporary folders and in the folders of DRIVETRAIN_HOME."""
    _remove(_temporary().glob(f"{_PREFIX}*"))
    for pattern in (".*.partial", "*/.*.partial", "*/*/.*.partial"):
        _remove(home.glob(pattern))


def _temporary() -> Path:
    """Return the system's folder of temporary files; a run that is watched has one of its own in it."""
    folder = Path(tempfile.gettempdir())
    return folder.parent if folder.name.startswith(_PREFIX) else folder


def remove_partials(target: Path) -> None:
    """Remove what killed processes left beside a file that they were writing."""
    _remove(target.parent.glob(f"{escape(_beginning(target))}*.partial"))


def partial_file(target: Path) -> Path:
    """Return a hidden name that no other file has, for a file until it is whole and takes the name of `target`."""
    return target.with_name(f"{_beginning(target)}{token()}.{token_hex(4)}.partial")


def _beginning(target: Path) -> str:
    return f".{target.name[:50]}."


def _remove(found: Iterable[Path]) -> None:
    for path in found:
        if is_abandoned(path.name):
            with suppress(OSError):  # somebody else's, or removed meanwhile
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
