"""A zip file that came with a package, looked at before anything of it is inflated."""

import zipfile
from collections.abc import Iterable
from io import BytesIO

from schemas.errors import PackageError

_MOST_MEMBERS = 100_000
_SPARE = 1 << 20  # bytes; what we write is stored as it is, so the members are no larger than the file


def require_bounded(data: bytes, file: str, members: Iterable[str] | None = None) -> None:
    """Check that a zip file's members are no larger than the file itself, none twice, and only the expected ones.

    Args:
        data: The file's bytes.
        file: What it is called in messages.
        members: The members that it must have, and no other; None for any.

    Raises:
        PackageError: If it is no zip file, or not one that we would have written.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise PackageError(f"{file} cannot be loaded: {error}") from error
    names = [one.filename for one in found]
    total = sum(one.file_size for one in found)
    if len(names) > _MOST_MEMBERS:
        raise PackageError(f"{file} cannot be loaded: it has {len(names):,} members, more than {_MOST_MEMBERS:,}")
    if len(names) != len(set(names)):
        raise PackageError(f"{file} cannot be loaded: one of its members is there twice")
    if total > len(data) + _SPARE:
        raise PackageError(f"{file} cannot be loaded: its {len(data):,} bytes would inflate to {total:,}")
    if members is not None and sorted(names) != sorted(members):
        raise PackageError(f"{file} cannot be loaded: it must hold {', '.join(sorted(members))} and nothing else")
