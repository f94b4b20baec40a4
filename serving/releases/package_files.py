"""The files of a package by URL: of a folder on this machine, or of one elsewhere that was written to its end."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

from ml.io.objects.client import client_of
from ml.io.objects.location import Location, child_url, is_object_url
from ml.io.objects.reading import StoredObject
from ml.package.files import MANIFEST, open_regular
from ml.package.remote import MARKER, absent, read_marker, require_manifest
from ml.package.storage import LARGEST_MANIFEST
from schemas.errors import PackageError

_LOCAL = ("", "file", "local", "asynclocal")
_AROUND_OTHERS = ("generic", "dir", "reference", "async_wrapper", "asyncwrapper")  # they read local files as well


def located(package_url: str) -> tuple[str, bytes]:
    """Return the folder that holds a package's files, and its manifest.

    Elsewhere than on this machine that folder is what `complete.json` names: without it there is no package.

    Raises:
        FileNotFoundError: If there is none.
        PackageError: If it is damaged; or whatever its file system raises.
    """
    if _is_local(package_url):
        return package_url, read(package_url, MANIFEST, LARGEST_MANIFEST)
    try:
        with open_file(package_url, MARKER) as file:
            marker = read_marker(file, package_url)
    except FileNotFoundError:
        raise FileNotFoundError(absent(package_url)) from None
    folder = child_url(package_url, marker.parts)
    manifest = read(folder, MANIFEST, LARGEST_MANIFEST)
    require_manifest(marker, manifest, package_url)
    return folder, manifest


def read(folder: str, name: str, most: int) -> bytes:
    """Return the bytes of a file, at most `most`. Raises PackageError, or what its file system does."""
    with open_file(folder, name) as file:
        data: bytes = file.read(most + 1)
    if len(data) > most:
        raise PackageError(f"{name} has more than {most:,} bytes")
    return data


def open_file(folder: str, name: str) -> AbstractContextManager[IO[bytes]]:
    """Open a file to read; on this machine no link is followed. Raises PackageError, or what its file system does."""
    parts = urlsplit(folder)
    if parts.scheme in _LOCAL:
        return open_regular(Path(parts.netloc + parts.path if parts.scheme else folder) / name)
    if "::" in folder or parts.scheme in _AROUND_OTHERS:
        raise PackageError(
            f"The package {folder} is named by way of another file system; name its folder, as in s3://bucket/folder"
        )
    return _open_elsewhere(child_url(folder, name))


def _open_elsewhere(url: str) -> AbstractContextManager[IO[bytes]]:
    if is_object_url(url):
        location = Location.parse(url)
        return cast(IO[bytes], StoredObject(client_of(location), location))
    import fsspec  # only for packages that are elsewhere: its import costs a tenth of the start
    from fsspec.implementations.local import LocalFileSystem

    files, path = fsspec.core.url_to_fs(url)
    if isinstance(files, LocalFileSystem):  # under a name that a plug-in gave it
        return open_regular(Path(path))
    opened: AbstractContextManager[IO[bytes]] = files.open(path, "rb")
    return opened


def _is_local(package_url: str) -> bool:
    """Say whether a package is a folder on this machine, under whichever name."""
    if urlsplit(package_url).scheme in _LOCAL:
        return True
    if "::" in package_url or urlsplit(package_url).scheme in _AROUND_OTHERS or is_object_url(package_url):
        return False
    import fsspec
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(fsspec.core.url_to_fs(package_url)[0], LocalFileSystem)
