"""Sink `csv`: a delimited text file as RFC 4180 has it, in UTF-8; gzip where the name ends so."""

import gzip
import io
from contextlib import suppress
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, Field

from ml.components.sink import Sink, Writer
from ml.io.new_output import new_output, output_faults, plain_name
from schemas.base import Strict
from schemas.errors import ContentError, Fault

if TYPE_CHECKING:
    import pandas as pd

_OTHER_COMPRESSIONS = (".bz2", ".xz", ".zip", ".zst")


class CsvSinkParams(Strict):
    """Where the file will be, and what parts its cells."""

    path: str = Field(min_length=1, description="a local path, or s3://bucket/name; .gz is compressed")
    replace: bool = Field(default=False, description="take the place of a file of that name, and of its refused rows")
    separator: str = Field(default="auto", description="auto: a tab for .tsv, else a comma; or one character")


class CsvSink(Sink):
    """Predicted rows as text: a missing value is an empty cell, dates are ISO 8601, booleans true and false."""

    Params: ClassVar[type[BaseModel]] = CsvSinkParams
    params: CsvSinkParams
    endings: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    is_text: ClassVar = True

    @property
    def place(self) -> str:
        """The file's path."""
        return self.params.path

    @property
    def replaces(self) -> bool:
        """Whether a file of the name is replaced."""
        return self.params.replace

    def preflight(self) -> list[Fault]:
        """Return why the file cannot be written."""
        faults = output_faults(self.params.path, "path", replace=self.params.replace)
        if self.params.path.split("?")[0].lower().endswith(_OTHER_COMPRESSIONS):
            faults.append(Fault("path", "of the compressions only gzip is written", "let the name end in .csv.gz"))
        mark = self.params.separator
        if mark != "auto" and (len(mark) != 1 or mark in '\r\n"'):
            faults.append(Fault("separator", f"{mark!r} is not one character", 'for a tab write "\\t"'))
        return faults

    def open(self) -> "CsvWriter":
        """Begin the file. Raises ContentError."""
        mark = self.params.separator
        if mark == "auto":
            mark = "\t" if ".tsv" in Path(plain_name(self.params.path)).suffixes[-2:] else ","
        return CsvWriter(self.params.path, mark, replace=self.params.replace)


class CsvWriter(Writer):
    """Appends frames as text; the first one writes the header."""

    def __init__(self, target: str, separator: str, *, replace: bool = False) -> None:
        self._new = new_output(target, replace=replace)
        self._separator = separator
        self._has_header, self._is_open = False, True
        # Without a time in it, the same rows give the same bytes.
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=self._new.file, mtime=0) if _is_gz(target) else None
        self._text = io.TextIOWrapper(packed or self._new.file, encoding="utf-8", newline="", write_through=True)
        self._packed = packed

    def write(self, frame: "pd.DataFrame") -> None:
        """Append rows. Raises ContentError."""
        try:
            _as_text(frame).to_csv(
                self._text, sep=self._separator, index=False, header=not self._has_header, lineterminator="\r\n"
            )
        except (OSError, UnicodeEncodeError) as error:
            raise ContentError(f"{self._new.target} cannot be written: {error}") from error
        self._has_header = True

    def prepare(self) -> None:
        """Force the text to disk. Raises ContentError."""
        try:
            self._release()
        except OSError as error:
            raise ContentError(f"{self._new.target} cannot be written: {error.strerror}") from error
        self._new.prepare()

    def commit(self) -> None:
        """Give the file its name. Raises ContentError when the name is taken by now."""
        self._new.publish()

    def abort(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):  # a full disk is why we are here
            self._release()
        self._new.abort()

    def _release(self) -> None:
        """Write what is buffered and let go of the file without closing it."""
        if self._is_open:
            self._is_open = False
            self._text.detach()
            if self._packed is not None:
                self._packed.close()


def _is_gz(target: str) -> bool:
    return plain_name(target).endswith(".gz")


def _as_text(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame with booleans and timestamps as text; pandas writes these by their neighbours' precision."""
    import pandas as pd

    def column(values: pd.Series) -> pd.Series:
        kind = values.dtype
        if (
            pd.api.types.is_object_dtype(kind)
            or pd.api.types.is_bool_dtype(kind)
            or pd.api.types.is_datetime64_any_dtype(kind)
        ):
            return values.astype("object").map(_shown, na_action="ignore")
        return values

    return pd.DataFrame({name: column(frame[name]) for name in frame.columns})


def _shown(value: object) -> object:
    if value is True or value is False:
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | time) else value  # a datetime is a date
