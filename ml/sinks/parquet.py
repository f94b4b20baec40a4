"""Sink `parquet`: a Parquet file, a row group for each chunk."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field

from ml.components.sink import Sink, Writer
from ml.io.arrow.tables import Tables
from ml.io.new_output import new_output, output_faults
from schemas.base import Strict
from schemas.errors import ContentError, Fault

if TYPE_CHECKING:
    import pandas as pd


class ParquetSinkParams(Strict):
    """Where the file will be."""

    path: str = Field(min_length=1, description="a local path, or s3://bucket/name")
    replace: bool = Field(default=False, description="take the place of a file of that name, and of its refused rows")


class ParquetSink(Sink):
    """Predicted rows with their types."""

    Params: ClassVar[type[BaseModel]] = ParquetSinkParams
    params: ParquetSinkParams
    takes_arrays: ClassVar[bool] = True
    endings: ClassVar[tuple[str, ...]] = (".parquet", ".parq", ".pq")

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
        return output_faults(self.params.path, "path", replace=self.params.replace)

    def open(self) -> "ParquetWriter":
        """Begin the file. Raises ContentError."""
        return ParquetWriter(self.params.path, replace=self.params.replace)


class ParquetWriter(Writer):
    """Appends frames; the first one decides the schema."""

    def __init__(self, target: str, *, replace: bool = False) -> None:
        self._new = new_output(target, replace=replace)
        self._tables: Tables | None = None
        self._parquet: Any = None

    def write(self, frame: "pd.DataFrame") -> None:
        """Append rows. Raises ContentError."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if self._tables is None:
                self._tables = Tables(frame)
                self._parquet = pq.ParquetWriter(self._new.file, self._tables.schema)
            self._parquet.write_table(self._tables.table(frame))
        except (OSError, pa.ArrowException) as error:
            raise ContentError(f"{self._new.target} cannot be written: {error}") from error

    def prepare(self) -> None:
        """Write the footer and force the file to disk. Raises ContentError."""
        self._release()
        self._new.prepare()

    def commit(self) -> None:
        """Give the file its name. Raises ContentError when the name is taken by now."""
        self._new.publish()

    def abort(self) -> None:
        """Leave nothing behind."""
        with suppress(ContentError):  # a full disk is why we are here
            self._release()
        self._new.abort()

    def _release(self) -> None:
        parquet, self._parquet = self._parquet, None
        if parquet is None:
            return
        try:
            parquet.close()
        except OSError as error:
            raise ContentError(f"{self._new.target} cannot be written: {error}") from error
