"""Plain files of a package folder: stored to disk for good, read without following anything that is no plain file."""

import errno
import hashlib
import os
import re
import stat
from io import BufferedReader
from pathlib import Path

from schemas.errors import PackageError
from schemas.package import FileRecord

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
LARGEST_JSON = 64 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CHUNK = 1 << 20
_NO_FILE = (errno.ELOOP, errno.ENXIO)  # a link; a socket, or a device that is not there


def store(target: Path, content: bytes | Path) -> FileRecord:
    """Write bytes, or a copy of a file, to a new file and force them to disk; return size and digest."""
    digest, count = hashlib.sha256(), 0
    with target.open("xb") as out:
        if isinstance(content, Path):
            with content.open("rb") as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    count += out.write(chunk)
        else:
            digest.update(content)
            count = out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return FileRecord(bytes=count, sha256=digest.hexdigest())


def open_plain(root: Path, name: str) -> BufferedReader:
    """Open a file of the folder for reading. Raises PackageError when it is missing, a link, or not a plain file."""
    if not NAME.fullmatch(name):
        raise PackageError(f"{name!r} is not a plain file name")
    try:
        return open_regular(root / name)
    except FileNotFoundError:
        raise PackageError(f"{name} is missing") from None


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading, without following a link and without waiting for who writes into a pipe.

    Raises:
        PackageError: If it is a link, a folder, a pipe or a device.
        OSError: If it is not there or cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise PackageError(f"{path.name} is not a plain file") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PackageError(f"{path.name} is not a plain file")
    return os.fdopen(descriptor, "rb")


def read_plain(root: Path, name: str, largest: int = LARGEST_JSON) -> bytes:
    """Return the bytes of a file of the folder, at most `largest`. Raises PackageError."""
    if not root.is_dir():
        raise PackageError(f"There is no package at {root}")
    try:
        with open_plain(root, name) as file:
            data = file.read(largest + 1)
    except PackageError as error:
        raise PackageError(f"The package {root} is damaged: {error}") from None
    if len(data) > largest:
        raise PackageError(f"The package {root} is damaged: {name} has more than {largest} bytes")
    return data
