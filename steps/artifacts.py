"""Artifact types that are more than a table or a schema."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelPackage:
    """A model package in a local folder; `url` says where a service can fetch it, None while it is only local."""

    root: Path
    url: str | None = None


@dataclass(frozen=True)
class ReferenceProfile:
    """A serialised whylogs profile of training rows and of the predictions on them."""

    data: bytes
