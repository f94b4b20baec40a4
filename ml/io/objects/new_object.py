"""An object that is to be seen whole or not at all, and takes the place of another only where that was asked for.

It is written to a file of its own on this machine, sent in parts that nobody sees, and made visible by one request. A
killed process leaves parts that were sent: a rule of the bucket for incomplete uploads removes them.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from ml.io.objects.check import as_fault, require_writable
from ml.io.objects.client import client_of
from ml.io.objects.errors import is_contested, is_there_already, told_of
from ml.io.objects.location import Location
from ml.io.scratch import scratch_folder
from schemas.errors import ContentError, Fault, StorageError

_PART = 16 << 20  # at least; an object has 10,000 parts at most
_MOST_PARTS = 10_000
_WRITER = "drivetrain-writer"


class NewObject:
    """The object being written: `file` takes the bytes.

    Attributes:
        target: Its URL, for a person.
        file: Open for writing.
    """

    def __init__(self, location: Location, *, replace: bool = False) -> None:
        self._location, self._replace = location, replace
        self._files = client_of(location)
        self._scratch = scratch_folder("object")
        self._path = Path(self._scratch.name) / "object"
        self.target = location.plain
        self.file = self._path.open("xb")
        self._writer = uuid4().hex
        self._upload: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._is_published = False

    def prepare(self) -> None:
        """Send the bytes. Raises ContentError, or StorageError when the store cannot be used."""
        try:
            self.file.flush()
        except OSError as error:
            raise ContentError(f"{self.target} cannot be written: {error.strerror}") from error
        part = max(_PART, -(-self._path.stat().st_size // _MOST_PARTS))
        with told_of(self._location, self._files):
            begun = self._call("create_multipart_upload", Metadata={_WRITER: self._writer})
            self._upload = str(begun["UploadId"])
            with self._path.open("rb") as file:
                while chunk := file.read(part):
                    number = len(self._parts) + 1
                    sent = self._call("upload_part", UploadId=self._upload, PartNumber=number, Body=chunk)
                    self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def publish(self) -> None:
        """Make the object visible.

        Raises:
            ContentError: When its name is taken by now, or somebody else is about to take it.
            StorageError: When the store cannot be used.
        """
        only_new = {} if self._replace else {"IfNoneMatch": "*"}
        parts = {"Parts": self._parts}
        try:
            with told_of(self._location, self._files):
                self._call("complete_multipart_upload", UploadId=self._upload, MultipartUpload=parts, **only_new)
        except (OSError, StorageError) as error:
            if not self._is_ours():  # else the answer was lost, and the request sent again
                if is_there_already(error):
                    raise ContentError(f"{self.target} came into being meanwhile; it was left as it is") from None
                if is_contested(error):
                    raise ContentError(f"{self.target} is written by somebody else at this moment; run again") from None
                raise
        self._is_published = True
        self._close()

    def withdraw(self) -> None:
        """Take a published object back."""
        if self._is_published:
            with told_of(self._location, self._files):
                self._call("delete_object")
            self._is_published = False

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `publish`."""
        if self._is_published:
            return
        upload, self._upload = self._upload, None
        if upload is not None:
            with suppress(Exception):  # parts that cannot be taken back are seen by nobody; why is raised already
                self._call("abort_multipart_upload", UploadId=upload)
        self._close()

    def _is_ours(self) -> bool:
        try:
            found = self._call("head_object")
        except Exception:  # it is not there, or not to be seen: the error that led here is the one to raise
            return False
        return bool(found.get("Metadata", {}).get(_WRITER) == self._writer)

    def _close(self) -> None:
        with suppress(OSError):  # what is buffered need not fit on the disk
            self.file.close()
        self._scratch.cleanup()

    def _call(self, what: str, **words: Any) -> Any:
        return self._files.call_s3(what, Bucket=self._location.bucket, Key=self._location.key, **words)


def object_faults(url: str, key: str, *, replace: bool = False) -> list[Fault]:
    """Return why no object can be written at `url`; the faults' path is `key`, `replace` says that one may be there."""
    try:
        location = Location.parse(url)
    except ValueError as error:
        return [Fault(key, f"{url} {error}")]
    if not location.key:
        return [Fault(key, f"{url} is a bucket", "name an object in it")]
    try:
        files = client_of(location)
        with told_of(location, files):
            is_there = _is_there(location, files)
        require_writable(location, files)
    except StorageError as error:
        return [as_fault(key, error)]
    if is_there and not replace:
        hint = "name another, move it away, or batch.output.replace=true"
        return [Fault(key, f"{location.plain} exists already, and nothing is overwritten unasked", hint)]
    return []


def _is_there(location: Location, files: Any) -> bool:
    try:
        files.call_s3("head_object", Bucket=location.bucket, Key=location.key)
    except FileNotFoundError:
        with told_of(location, files):  # on a bucket that is not there nothing is there either
            files.call_s3("list_objects_v2", Bucket=location.bucket, Prefix=location.key, MaxKeys=1)
        return False
    return True
