"""What a manifest may say of a package's files: asked before a byte of them is fetched, wherever they come from."""

from collections.abc import Iterable, Mapping
from typing import IO

from ml.package.files import MANIFEST, NAME, SEAL
from schemas.errors import PackageError
from schemas.package import FileRecord

MOST_FILES = 100
_SHOWN = 5
_CHUNK = 1 << 20


def foreign(names: Iterable[str]) -> list[str]:
    """Return the names that no file of a package has: paths, hidden ones, and what vouches for the others."""
    return [name for name in names if not NAME.fullmatch(name) or name in (MANIFEST, SEAL)]


def require_own_files(records: Mapping[str, FileRecord]) -> None:
    """Check what a manifest lists, which anybody may have written: a name could lead out of the package's folder.

    Raises:
        PackageError: If a name is not a plain one, there are more than `MOST_FILES`, or a size is less than nothing.
    """
    outside = foreign(records)
    if outside:
        raise PackageError(f"The package's {MANIFEST} names files outside of it: {outside[:_SHOWN]}")
    if len(records) > MOST_FILES:
        raise PackageError(f"The package has {len(records):,} files, more than {MOST_FILES}")
    if any(record.bytes < 0 for record in records.values()):
        raise PackageError(f"The package's {MANIFEST} names files of less than no bytes")


def copy_sized(source: IO[bytes], out: IO[bytes], name: str, size: int) -> None:
    """Copy a file of `size` bytes; of a longer one no more is read, a shorter one is found by whoever verifies it.

    Raises:
        PackageError: If it is longer.
    """
    left = size
    while left and (chunk := source.read(min(left, _CHUNK))):
        left -= out.write(chunk)
    if source.read(1):
        raise PackageError(f"{name} does not have the {size} bytes it was written with")
