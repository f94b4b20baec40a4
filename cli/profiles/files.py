"""Profiles read from files, and put together."""

from collections.abc import Sequence
from pathlib import Path

from ml.monitoring.profiles import Profile, merge_all
from ml.monitoring.whylogs_files.reading import is_whylogs
from ml.monitoring.whylogs_files.writing import write as as_whylogs
from ml.package.profile_file import MOST_BYTES
from ml.package.storage import REFERENCE
from schemas.errors import ConfigurationError, Fault, PackageError

Read = tuple[Path, Profile]


def read_all(paths: Sequence[Path], *, from_whylogs: bool = False) -> list[Read]:
    """Read all files.

    Args:
        paths: Profiles, or folders of packages.
        from_whylogs: Whether each must be one that whylogs wrote.

    Raises:
        ConfigurationError: If one cannot be read; all that are wrong are named.
        PackageError: If all can be read and one is no profile; all that are none are named.
    """
    unreadable, damaged, profiles = [], [], []
    for path in paths:
        file = path / REFERENCE if path.is_dir() else path
        try:
            profiles.append((file, _read(file, from_whylogs)))
        except OSError as error:
            hint = "a FILE is a profile, or a package's folder with a reference.bin"
            unreadable.append(Fault("", f"{file}: {error.strerror or error}", hint))
        except PackageError as error:
            damaged.append(f"{file}: {error}")
    if unreadable:
        raise ConfigurationError(
            [*unreadable, *(Fault("", text) for text in damaged)], heading="Profiles cannot be read"
        )
    if damaged:
        raise PackageError("\n".join(damaged))
    return profiles


def converted(profiles: Sequence[Read], *, to_whylogs: bool) -> bytes:
    """Return one file of all profiles. Raises PackageError where they do not go together."""
    try:
        merged = merge_all(one for _, one in profiles)
    except ValueError as error:
        raise PackageError(f"{error}: they are of different tables, or of a column that was declared anew") from error
    return as_whylogs(merged.sketches) if to_whylogs else merged.to_bytes()


def _read(file: Path, from_whylogs: bool) -> Profile:
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise PackageError(f"it has {size:,} bytes, and {MOST_BYTES:,} are the most that are read")
    content = file.read_bytes()
    if from_whylogs and not is_whylogs(content):
        raise PackageError("whylogs did not write it")
    return Profile.from_bytes(content)
