"""A local file that is to be seen whole or not at all, and takes the place of another only where that was asked for.

It is written under a hidden name in its own folder and gets its own name at the end. A killed process leaves the
hidden file, `.NAME.….partial`, which nothing reads and which goes when the next one of the name is written.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from ml.io.scratch import partial_file, remove_partials
from ml.io.sync import sync_folder
from schemas.errors import ContentError, Fault

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class NewFile:
    """The file being written: `file` takes the bytes; so may whoever opens `partial` meanwhile."""

    def __init__(self, target: Path, *, replace: bool = False) -> None:
        self.target, self._replace = target, replace
        remove_partials(target)
        self.partial = partial_file(target)
        try:
            self.file = self.partial.open("xb")
        except OSError as error:
            raise ContentError(f"{target} cannot be written: {error.strerror}") from error
        self._is_published = False

    def prepare(self) -> None:
        """Force the bytes to disk. Raises ContentError."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            raise ContentError(f"{self.target} cannot be written: {error.strerror}") from error

    def publish(self) -> None:
        """Give the file its name. Raises ContentError when that name is taken by now."""
        try:
            if self._replace:
                self.partial.replace(self.target)
            else:
                name_without_replacing(self.partial, self.target)
        except FileExistsError:
            raise ContentError(f"{self.target} came into being meanwhile; it was left as it is") from None
        except OSError as error:
            raise ContentError(f"{self.target} cannot be written: {error.strerror}") from error
        self._is_published = True
        self.file.close()
        self.partial.unlink(missing_ok=True)
        with suppress(OSError):  # a folder that may be written but not read, or a file system that cannot
            sync_folder(self.target.parent)

    def withdraw(self) -> None:
        """Take a published file back."""
        if self._is_published:
            self.target.unlink(missing_ok=True)
            self._is_published = False

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `publish`."""
        if not self._is_published:
            with suppress(OSError):  # what is buffered need not fit on the disk
                self.file.close()
            self.partial.unlink(missing_ok=True)


def name_without_replacing(partial: Path, target: Path) -> None:
    """Give a whole file its name. Raises FileExistsError when that name is taken by now."""
    try:
        target.hardlink_to(partial)  # unlike a rename, it fails where the name is taken
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links: an empty file claims the name, for the moment until the rename.
        target.open("xb").close()
        partial.replace(target)


def local_file_faults(path: str, key: str, *, replace: bool = False) -> list[Fault]:
    """Return why no file can be written at `path`; the faults' path is `key`, `replace` says that one may be there."""
    if "://" in path or "::" in path:
        what = f"{path} is a URL; of those only s3://bucket/name is written to, and no file of refused rows"
        return [Fault(key, what, "name a local path")]
    target = Path(path)
    if target.is_dir():
        return [Fault(key, f"{path} is a folder", "name a file in it")]
    if os.path.lexists(target) and not (replace and target.is_file()):
        hint = "name another file, move it away, or batch.output.replace=true"
        return [Fault(key, f"{path} exists already, and nothing is overwritten unasked", hint)]
    if not target.parent.is_dir():
        return [Fault(key, f"there is no folder {target.parent}", f"mkdir -p {target.parent}")]
    if not os.access(target.parent, os.W_OK | os.X_OK):
        return [Fault(key, f"the folder {target.parent} cannot be written", "name another folder")]
    return []
