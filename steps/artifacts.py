"""Artifact types that are more than a table or a schema."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True)
class ModelPackage:
    """A model package in a local folder; `url` says where a service can fetch it, None while it is only local."""

    root: Path
    url: str | None = None
    _scratch: "TemporaryDirectory[str] | None" = field(default=None, repr=False, compare=False)

    @classmethod
    def in_scratch(cls) -> "ModelPackage":
        """Return a package yet to be written, in a scratch folder that goes when the artifact is no longer held."""
        scratch = TemporaryDirectory(prefix="drivetrain-package-")
        return cls(Path(scratch.name) / "package", _scratch=scratch)


@dataclass(frozen=True)
class ReferenceProfile:
    """A serialised whylogs profile of training rows and of the predictions on them."""

    data: bytes
