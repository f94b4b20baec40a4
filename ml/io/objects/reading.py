"""An object being read: what the store answers in the middle of it is said as plainly as what it answers at first."""

import io
from typing import Any

from ml.io.objects.errors import told_of
from ml.io.objects.location import Location


class StoredObject(io.BufferedIOBase):
    """Gives the bytes of an object, from any place in it.

    Raises:
        ObjectStoreError: When the store cannot be used; from the constructor and while it is read.
        FileNotFoundError: When there is no such object.
        IsADirectoryError: When there are objects below that name, and none of it.
    """

    def __init__(self, files: Any, location: Location) -> None:
        self._files, self._location = files, location
        with told_of(location, files):
            self._file = files.open(location.path, "rb")
        if self._file.details.get("type") == "directory":
            raise IsADirectoryError(f"{location.plain} is a folder")

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return int(self._file.seek(offset, whence))

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, all that are left by default."""
        with told_of(self._location, self._files):
            return bytes(self._file.read(-1 if size is None else size))

    def read1(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        return self.read(size)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the next bytes, and return how many there were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let go of the object."""
        if not self.closed:
            super().close()
            self._file.close()
