"""A package of Python's, Node's or Debian's that brings data: where its files are, and how it is installed."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from schemas.errors import ContentError

Manager = Literal["pip", "npm", "apt"]
_KINDS: dict[Manager, str] = {"pip": "Python package", "npm": "npm package", "apt": "Debian package"}


@dataclass(frozen=True)
class Package:
    """A package by manager, name and the version that was read; a Debian package is what the system's release has."""

    manager: Manager
    name: str
    version: str = ""

    @property
    def title(self) -> str:
        """The package as a person calls it: the npm package NAME."""
        return f"the {_KINDS[self.manager]} {self.name}"

    @property
    def command(self) -> str:
        """The command that installs it where `folder` looks."""
        if self.manager == "pip":
            return f"{sys.executable} -m pip install {self.name}=={self.version}"
        if self.manager == "npm":
            flags = "--no-save --ignore-scripts"
            return f"npm install --prefix {sys.prefix} {flags} {self.name}@{self.version}"
        return f"apt-get install {self.name}"

    def folder(self) -> Path | None:
        """Return the folder to which the paths of its files are relative, None where it is not installed.

        A Python package is of this environment. An npm package is looked for in the folders that NODE_PATH names and
        in `node_modules` of this environment, Debian's files from the root on.
        """
        if self.manager == "pip":
            try:
                return Path(str(distribution(self.name).locate_file("")))
            except PackageNotFoundError:
                return None
        if self.manager == "npm":
            return next((place for place in self._npm_places() if (place / "package.json").is_file()), None)
        return Path("/")

    def installed_version(self, folder: Path) -> str:
        """Return the version that is in `folder`, nothing for Debian's, whose files tell. Raises ContentError."""
        if self.manager == "pip":
            return distribution(self.name).version
        if self.manager == "npm":
            return _npm_version(folder / "package.json")
        return ""

    def _npm_places(self) -> Iterator[Path]:
        for modules in filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep)):
            yield Path(modules) / self.name
        yield Path(sys.prefix) / "node_modules" / self.name


def _npm_version(file: Path) -> str:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContentError(f"{file} does not tell the package's version: {type(error).__name__}") from None
