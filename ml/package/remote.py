"""A package that is no folder on this machine: seen whole or not at all, though objects cannot be renamed.

Its files go under a name that nobody else has, `parts-…`, and are then made visible by one conditional write of
`complete.json`, which says where they are. A reader begins there: without it there is no package, whatever lies around.
Of many writers of one name one wins; the others hear so, and take their parts back.
"""

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import uuid4

from pydantic import Field, ValidationError

from ml.package.files import MANIFEST, SEAL, open_plain
from ml.package.records import copy_sized
from ml.package.storage import LARGEST_MANIFEST, read_manifest, verify
from schemas.base import Strict
from schemas.errors import ContestedError, PackageError

MARKER = "complete.json"
_LARGEST_MARKER = _LARGEST_SEAL = 1_000
_CHUNK = 1 << 20


class Marker(Strict):
    """What makes a package visible: the folder of its files, and the digest of its manifest."""

    parts: str = Field(pattern=r"^parts-[0-9a-f]{32}$")
    manifest: str = Field(pattern=r"^[0-9a-f]{64}$")


class Store(Protocol):
    """What of an artifact store is used: `open` knows rb and wb."""

    def open(self, path: str, mode: str = "r") -> Any:
        """Open a file."""

    def exists(self, path: str) -> bool:
        """Say whether there is a file."""

    def rmtree(self, path: str) -> None:
        """Remove a folder."""


Create = Callable[[str, bytes], bool]


def write_remote(store: Store, folder: str, root: Path, create: Create | None = None) -> None:
    """Copy the package at `root` to `folder` of a store.

    Args:
        store: Where to.
        folder: The package's name there.
        root: The package, complete.
        create: Writes a file of the store unless one of the name is there, also at the same moment, and says whether
            it did so; None: no other may write `folder` meanwhile.

    Raises:
        PackageError: If the package is damaged, or `folder` was written by somebody else: theirs stays as it is.
        StorageError: If the store cannot be used; nothing is visible then, unless the last answer alone was lost.
    """
    manifest = read_manifest(root)
    digest = hashlib.sha256((root / MANIFEST).read_bytes()).hexdigest()
    marker = Marker(parts=f"parts-{uuid4().hex}", manifest=digest)
    parts = f"{folder}/{marker.parts}"
    try:
        for name in (*manifest.files, MANIFEST, SEAL):
            with store.open(f"{parts}/{name}", "wb") as out, open_plain(root, name) as source:
                shutil.copyfileobj(source, out, _CHUNK)
    except BaseException:
        _take_back(store, parts)
        raise
    try:
        is_visible = _made_visible(store, folder, marker, create)
    except ContestedError:  # any other error leaves open whether the marker is there: then the parts are needed
        is_visible = _is_there(store, folder, marker)
        if not is_visible:
            _take_back(store, parts)
            raise
    if not is_visible:
        _take_back(store, parts)
        raise PackageError(f"{folder} was written by somebody else meanwhile; a package is never overwritten")


def read_marker(file: IO[bytes], folder: str) -> Marker:
    """Return what an open `complete.json` says. Raises PackageError when it is none."""
    raw = file.read(_LARGEST_MARKER + 1)
    try:
        return Marker.model_validate_json(raw)
    except ValidationError as error:
        raise PackageError(f"The package {folder} cannot be used: {MARKER}: {error.errors()[0]['msg']}") from error


def require_manifest(marker: Marker, manifest: bytes, folder: str) -> None:
    """Check a manifest against the marker. Raises PackageError."""
    if hashlib.sha256(manifest).hexdigest() != marker.manifest:
        raise PackageError(f"The package {folder} is damaged: {MANIFEST} is not what {MARKER} says")


def fetch_remote(store: Store, folder: str, root: Path) -> None:
    """Copy a package of a store to `root`, an empty folder, and verify every byte of it.

    Nothing is written outside of `root`, and of no file more is read than the manifest says.

    Raises:
        PackageError: If there is none, it was not written to its end, it is damaged, or it names files outside of it.
        StorageError: If the store cannot be used.
    """
    marker = marker_of(store, folder)
    parts = f"{folder}/{marker.parts}"
    for name, most in ((MANIFEST, LARGEST_MANIFEST), (SEAL, _LARGEST_SEAL)):
        with store.open(f"{parts}/{name}", "rb") as source:
            (root / name).write_bytes(_read(source, name, most))
    require_manifest(marker, (root / MANIFEST).read_bytes(), folder)
    for name, record in read_manifest(root).files.items():
        with store.open(f"{parts}/{name}", "rb") as source, (root / name).open("xb") as out:
            copy_sized(source, out, name, record.bytes)
    verify(root)


def marker_of(store: Store, folder: str) -> Marker:
    """Return the marker of a package of a store. Raises PackageError when there is none, or StorageError."""
    try:
        with store.open(f"{folder}/{MARKER}", "rb") as file:
            return read_marker(file, folder)
    except FileNotFoundError:
        raise PackageError(absent(folder)) from None


def absent(folder: str) -> str:
    """Return the sentence for a package without a marker."""
    return f"There is no package at {folder}, or it was not written to its end: it has no {MARKER}"


def _made_visible(store: Store, folder: str, marker: Marker, create: Create | None) -> bool:
    """Write the marker; return whether it is this one that is there now."""
    path, data = f"{folder}/{MARKER}", marker.model_dump_json().encode()
    if create is not None:  # where it did not, the answer to our own write may have been lost, and it was sent again
        return create(path, data) or marker_of(store, folder) == marker
    if store.exists(path):
        return False
    with store.open(path, "wb") as file:
        file.write(data)
    return True


def _is_there(store: Store, folder: str, marker: Marker) -> bool:
    try:
        return marker_of(store, folder) == marker
    except PackageError:
        return False


def _take_back(store: Store, parts: str) -> None:
    with suppress(Exception):  # nobody sees what lies there; why it was not written is raised already
        store.rmtree(parts)


def _read(source: IO[bytes], name: str, most: int) -> bytes:
    data = source.read(most + 1)
    if len(data) > most:
        raise PackageError(f"{name} has more than {most:,} bytes")
    return data
