"""Source `package_dataset`: tables that packages bring which a person installs; nothing is downloaded in a run."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from ml.components.source import Source
from ml.sources.packages.tables import TABLES, Table
from schemas.base import Strict
from schemas.errors import ContentError, Fault, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

PackageDatasetName = Literal["ames", "kjv", "kjv_gaps", "seattle_weather", "spam_assassin", "txhousing"]


class PackageDatasetParams(Strict):
    """The table's name, by which its package is known, and which of its columns are read."""

    dataset: PackageDatasetName = Field(description="which table; the run says what to install where it is not there")
    only: list[str] = Field(default=[], description="the columns that are read, in this order; []: all")


class PackageDataset(Source):
    """Rows of a table that an installed package brings: of Python's (pip), Node's (npm) or Debian's (apt).

    Its files are read, nothing of the package is imported or run.
    """

    Params: ClassVar[type[BaseModel]] = PackageDatasetParams
    params: PackageDatasetParams

    @property
    def label(self) -> str:
        """The table's name."""
        return self.params.dataset

    @property
    def needs_this_machine(self) -> bool:
        """The package is installed where the command is; whether another machine has it is not known."""
        return True

    def preflight(self) -> list[Fault]:
        """Return that the package is not installed, or lacks the table's file, with the command that installs it."""
        package = self._table.package
        folder = package.folder()
        file = self._file()
        unknown = self._unknown()
        if file is not None and file.is_file():
            return unknown
        if folder is None or package.manager == "apt":
            what = f"{self.params.dataset} comes with {package.title}, which is not installed"
        else:
            what = f"{package.title} is installed in {folder}, but has no {self._table.file}"
        return [Fault("dataset", what, f"install it: {package.command}"), *unknown]

    def _unknown(self) -> list[Fault]:
        known = self._table.columns
        return [
            Fault(
                "only",
                f"{self.params.dataset} has no column {name!r}",
                did_you_mean(name, list(known)).strip() or f"it has {', '.join(known)}",
            )
            for name in self.params.only
            if name not in known
        ]

    def header(self) -> list[str]:
        """Return the column names, which are the same for every version that can be read."""
        return self.params.only or list(self._table.columns)

    def fingerprint(self) -> str | None:
        """Return the table's name, the package's version, and size and modification time of its file."""
        folder, file = self._table.package.folder(), self._file()
        if folder is None or file is None or not file.is_file():
            return None
        stat = file.stat()
        version = self._table.package.installed_version(folder)
        return f"{self.params.dataset} {self._table.package.name} {version} {stat.st_size} {stat.st_mtime_ns}"

    def read(self) -> "pd.DataFrame":
        """Return all rows with their types. Raises ContentError."""
        file = self._file()
        if file is None or not file.is_file():
            raise ContentError("; ".join(f"{fault.message}; {fault.hint}" for fault in self.preflight()))
        rows = self._table.read(file)
        if tuple(rows.columns) != self._table.columns:
            other = sorted(set(rows.columns) ^ set(self._table.columns))
            raise ContentError(f"{file} has other columns than those known: {', '.join(other)}")
        return rows.loc[:, self.header()]

    @property
    def _table(self) -> Table:
        return TABLES[self.params.dataset]

    def _file(self) -> Path | None:
        folder = self._table.package.folder()
        return None if folder is None else folder / self._table.file
