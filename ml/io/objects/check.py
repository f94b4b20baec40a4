"""Looking whether an object store can be used, before anything relies on it; nothing is left there."""

from contextlib import suppress
from typing import Any

from ml.io.objects.errors import told_of
from ml.io.objects.location import Location
from schemas.errors import Fault, StorageError

_PROBE = ".drivetrain-probe"


def reach(location: Location, files: Any, *, write: bool) -> None:
    """Look whether a folder can be listed, and written to.

    What can be written is found out by an upload that is begun and taken back: no object is ever seen.

    Args:
        location: The folder.
        files: The client.
        write: Whether objects are to be written.

    Raises:
        ObjectStoreError: Saying what is wrong: the key, the right, the bucket, or the server.
    """
    with told_of(location, files):
        files.call_s3("list_objects_v2", Bucket=location.bucket, Prefix=location.key, MaxKeys=1)
    if write:
        require_writable(location.child(_PROBE), files)


def require_writable(location: Location, files: Any) -> None:
    """Look whether an object may be written. Raises ObjectStoreError."""
    with told_of(location, files):
        begun = files.call_s3("create_multipart_upload", Bucket=location.bucket, Key=location.key)
    with suppress(OSError):  # a key may be allowed to begin an upload, and not to take it back; nobody sees it
        upload = begun["UploadId"]
        files.call_s3("abort_multipart_upload", Bucket=location.bucket, Key=location.key, UploadId=upload)


def as_fault(path: str, error: StorageError) -> Fault:
    """Return the fault at a key path that an error of a store is."""
    return Fault(path, error.what, error.hint)
