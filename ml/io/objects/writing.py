"""An object being written: it is there, whole, once the block has ended well, and not at all where it did not.

fsspec's own file makes an object of what was written so far, also when an exception leaves the block or the file is
collected as garbage; on S3 that is half an artifact under the name of a whole one.
"""

import io
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

from ml.io.objects.errors import is_contested, is_there_already, told_of
from ml.io.objects.location import Location
from schemas.errors import ContestedError

_TRIES = 5  # of a write that meets another at the same moment
_PAUSE = 0.05  # seconds before the second one; twice as long before each that follows


class ObjectFile(io.BufferedIOBase):
    """Takes bytes for an object.

    Raises:
        ObjectStoreError: When the store cannot be used; from the constructor, `write` and `close`.
    """

    def __init__(self, files: Any, location: Location) -> None:
        self._files, self._location = files, location
        self._file: Any = None
        with told_of(location, files):
            self._file = files.open(location.path, "wb")

    def writable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return int(self._file.tell())

    def write(self, data: Any) -> int:
        """Take bytes; every 50 MiB are sent."""
        if self.closed:
            raise ValueError("the object is closed")
        with told_of(self._location, self._files):
            return int(self._file.write(data))

    def close(self) -> None:
        """Make the object."""
        if self.closed:
            return
        super().close()
        try:
            with told_of(self._location, self._files):
                self._file.close()
        except BaseException:
            self._discard()
            raise

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `close`."""
        if not self.closed:
            super().close()
            self._discard()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        self.abort()

    def _discard(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        with suppress(Exception):  # parts that cannot be taken back are seen by nobody; why it failed is raised already
            file.discard()
        file.closed = True  # else its own __del__ would make an object


class ObjectTextFile(io.TextIOBase):
    """The same for text, in UTF-8, line ends as they are given."""

    def __init__(self, file: ObjectFile) -> None:
        self._object = file

    def writable(self) -> bool:
        """Return true."""
        return True

    def write(self, text: str) -> int:
        """Take text."""
        self._object.write(text.encode())
        return len(text)

    def close(self) -> None:
        """Make the object."""
        if not self.closed:
            super().close()
            self._object.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._object.abort()
        self.close()

    def __del__(self) -> None:
        self._object.abort()


def create_object(files: Any, location: Location, data: bytes) -> bool:
    """Write a small object unless one of the name is there; return whether it was written by this call.

    Of many that write one name at once, one does; where a store lets none of them for the moment, as Amazon may, it is
    asked again. An answer that is lost is asked for again, and then finds what it wrote itself: whoever must know
    writes what no other would, and reads it.

    Raises:
        ContestedError: When the store lets none of those write who want to.
        ObjectStoreError: When the store cannot be used.
    """
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE * 2 ** (attempt - 1))
        try:
            with told_of(location, files):
                files.call_s3("put_object", Bucket=location.bucket, Key=location.key, Body=data, IfNoneMatch="*")
        except OSError as error:
            if is_there_already(error):
                return False
            if not is_contested(error):
                raise
        else:
            return True
    what = f"{location.plain} cannot be written: others write that name at the same moment, and none is let"
    raise ContestedError(what, "run again")
