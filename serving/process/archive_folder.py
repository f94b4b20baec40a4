"""Whether a service can write to the folder of this machine that its journal's old requests go to."""

import os

from schemas.errors import ConfigurationError, Fault
from schemas.journal_spec import JournalSpec

_PATH = "journal.archive"


def faults(spec: JournalSpec) -> list[Fault]:
    """Return why the folder cannot be written to, nor made; what is on no disk of this machine nobody knows before."""
    folder = spec.archive_folder
    if folder is None:
        return []
    there = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not there.is_dir():
        return [Fault(_PATH, f"{there} is no folder", "name another one, or move it away")]
    if not os.access(there, os.W_OK | os.X_OK):
        what = "cannot be written" if there == folder else f"cannot be written, and there is no {folder}"
        return [Fault(_PATH, f"the folder {there} {what}", f"make {folder} a folder of yours, or name another one")]
    return []


def make(spec: JournalSpec) -> None:
    """Make the folder, so that a unit or a container that is given it finds it. Raises ConfigurationError."""
    folder = spec.archive_folder
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder {folder} cannot be made: {error.strerror}"
        raise ConfigurationError([Fault(_PATH, what, "make it, or name another one")]) from error
