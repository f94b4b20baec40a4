"""Artifact types that are more than a table or a schema."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.io.scratch import scratch_folder
from ml.package.model import PackagedModel
from ml.package.storage import read_manifest
from schemas.package import Manifest


@dataclass(frozen=True)
class ModelPackage:
    """A model package in a local folder; `url` says where a service can fetch it, None while it is only local."""

    root: Path
    url: str | None = None
    _scratch: "TemporaryDirectory[str] | None" = field(default=None, repr=False, compare=False)

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest, checked against its seal. Raises PackageError."""
        return read_manifest(self.root)

    @cached_property
    def model(self) -> PackagedModel:
        """The model, loaded from files that each are checked against the manifest. Raises PackageError."""
        return PackagedModel.load(self.root, self.manifest)

    @classmethod
    def in_scratch(cls) -> "ModelPackage":
        """Return a package yet to be written, in a scratch folder that goes when the artifact is no longer held."""
        scratch = scratch_folder("package")
        return cls(Path(scratch.name) / "package", _scratch=scratch)


@dataclass(frozen=True)
class ReferenceProfile:
    """The profile of training rows and of the predictions on them, as the package keeps it."""

    data: bytes
