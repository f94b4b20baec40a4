"""The client: s3fs, which gives up after a bounded time, remembers no listing, and leaves no half object behind."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

from ml.io.objects.location import Location
from schemas.errors import StorageError

# Seconds. A server that answers nothing is given up after _TRIES * _AGAIN * _SILENT, one that refuses at once after 6.
_CONNECT, _SILENT = 5, 10
_TRIES, _AGAIN = 3, 2
_POOL = 16


class Credentials(NamedTuple):
    """What lets in; never shown."""

    key: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"


_lent: ContextVar[tuple[Location, Credentials] | None] = ContextVar("lent", default=None)


@contextmanager
def lent(folder: Location, credentials: Credentials | None) -> Iterator[None]:
    """Let `client_of` reach what is in a folder with credentials of its own while the block runs.

    Args:
        folder: The folder; what is elsewhere is reached as before.
        credentials: None: those of the environment.
    """
    token = _lent.set(None if credentials is None else (folder, credentials))
    try:
        yield
    finally:
        _lent.reset(token)


def client(endpoint_url: str | None = None, region: str | None = None, credentials: Credentials | None = None) -> Any:
    """Return the file system of a server, one for each process and set of credentials.

    Args:
        endpoint_url: The server; None: what AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL says, else Amazon's.
        region: None: what AWS_REGION, AWS_DEFAULT_REGION or the profile says.
        credentials: None: the environment's AWS_ACCESS_KEY_ID and so on, else those of a profile or of the machine.

    Raises:
        StorageError: If s3fs is not installed.
    """
    named = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    return _client(endpoint_url, region, credentials, hash(named), os.getpid())


def client_of(location: Location) -> Any:
    """Return the file system of the server that a URL names, with what was `lent` for it. Raises StorageError."""
    found = _lent.get()
    credentials = found[1] if found is not None and found[0].holds(location) else None
    return client(location.endpoint_url, location.region, credentials)


def filesystem(url: str) -> tuple[Any, str]:
    """Return the file system of any URL that fsspec knows, and the path in it.

    Raises:
        ValueError: If it is one of S3 that is not well formed.
        StorageError: If it is one of S3, and s3fs is not installed.
    """
    import fsspec

    from ml.io.objects.location import is_object_url

    if is_object_url(url):
        location = Location.parse(url)
        return client_of(location), location.path
    files, path = fsspec.core.url_to_fs(url)
    return files, str(path)


@lru_cache(maxsize=8)
def _client(
    endpoint_url: str | None, region: str | None, credentials: Credentials | None, _environment: int, _process: int
) -> Any:
    try:
        from s3fs import S3FileSystem
    except ImportError:
        raise StorageError("S3 cannot be used: s3fs is not installed", "pip install 's3fs>=2025.3'") from None
    given = credentials or Credentials("", "")
    files = S3FileSystem(
        key=given.key or None,
        secret=given.secret or None,
        token=given.token,
        endpoint_url=endpoint_url,
        client_kwargs={"region_name": region} if region else {},
        config_kwargs={
            "connect_timeout": _CONNECT,
            "read_timeout": _SILENT,
            "retries": {"total_max_attempts": _TRIES, "mode": "standard"},
            "max_pool_connections": _POOL,
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    files.retries = _AGAIN
    return files
