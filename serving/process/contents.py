"""What a Bento holds besides code: the name of its model, and a package under the version that it was published as.

A package stands in a folder that is named by its digest: two Bentos that are unpacked at the same place, one after the
other, hold different packages under different names, and a journal that names one is never answered with the other.
"""

import hashlib
from contextvars import ContextVar
from pathlib import Path

from pydantic import ValidationError

from ml.package.files import MANIFEST
from schemas.base import Name, Strict
from schemas.errors import DeploymentError
from schemas.home import ROOT

FILE = "contents.json"
PACKAGES = "package"

root: ContextVar[Path] = ContextVar("root", default=ROOT)
"""The folder that holds it; another one while a Bento is built."""


class Contents(Strict):
    """`package` is the package's folder, relative to the file's own; None: it is not inside."""

    model: Name
    version: str | None = None
    package: str | None = None

    def folder(self) -> Path | None:
        """Return the package's folder."""
        return None if self.package is None else root.get() / self.package


def digest(package: Path) -> str:
    """Return what tells packages apart: of its manifest, which has the digests of its files."""
    return hashlib.sha256((package / MANIFEST).read_bytes()).hexdigest()[:12]


def read() -> Contents | None:
    """Return what this Bento holds, None where this program runs from no Bento.

    Raises:
        DeploymentError: If the file is damaged.
    """
    path = root.get() / FILE
    try:
        return Contents.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DeploymentError(f"The Bento is damaged: {path}: {error.errors()[0]['msg']}") from error
