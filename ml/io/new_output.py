"""Where an output goes: a file on this machine, or an object on S3; seen whole or not at all."""

from pathlib import Path
from typing import BinaryIO, Protocol

from ml.io.new_file import NewFile, local_file_faults
from ml.io.objects.location import Location, is_object_url
from ml.io.objects.new_object import NewObject, object_faults
from schemas.errors import Fault


class NewOutput(Protocol):
    """What is being written; `file` takes the bytes. Each method raises ContentError, or StorageError on S3."""

    @property
    def target(self) -> Path | str:
        """Where it will be."""

    @property
    def file(self) -> BinaryIO:
        """Takes the bytes."""

    def prepare(self) -> None:
        """Do what takes long."""

    def publish(self) -> None:
        """Make it visible."""

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `publish`."""


def new_output(path: str, *, replace: bool = False) -> NewOutput:
    """Begin an output. Raises ContentError, or StorageError on S3."""
    if is_object_url(path):
        return NewObject(Location.parse(path), replace=replace)
    return NewFile(Path(path), replace=replace)


def output_faults(path: str, key: str, *, replace: bool = False) -> list[Fault]:
    """Return why nothing can be written at `path`; the faults' path is `key`, `replace` says that one may be there."""
    if is_object_url(path):
        return object_faults(path, key, replace=replace)
    return local_file_faults(path, key, replace=replace)


def plain_name(path: str) -> str:
    """Return the name with its endings, in small letters, without what a URL says besides."""
    return Path(Location.parse(path).key if is_object_url(path) else path).name.lower()
