"""Source `parquet`: a file, a folder of files or a glob, local or under any URL that fsspec knows."""

from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field

from ml.components.source import Source
from ml.io.objects.check import as_fault
from ml.io.objects.location import Location, is_object_url
from schemas.base import Strict
from schemas.errors import ContentError, DrivetrainError, Fault, StorageError

if TYPE_CHECKING:
    import pandas as pd

    from ml.components.source import Chunk
    from ml.sources.parquet_files import Head, Part, Parts

_BATCH = 65_536
_TEXT = (".csv", ".tsv", ".txt", ".gz")


class ParquetParams(Strict):
    """Where the file or the files are, and what of them is not read."""

    path: str = Field(min_length=1, description="file, folder or glob; path or fsspec URL")
    leave_out: list[str] = Field(default=[], description="columns that are not read")


class ParquetSource(Source):
    """Rows of Parquet files in the order of their names; the files' own types count."""

    Params: ClassVar[type[BaseModel]] = ParquetParams
    params: ParquetParams
    endings: ClassVar[tuple[str, ...]] = (".parquet", ".parq", ".pq")

    @property
    def label(self) -> str:
        """The name of the file or folder without endings; for a glob what stands before the first wildcard."""
        path = self.params.path.split("::")[-1]
        whole = PurePosixPath(Location.parse(path).path if is_object_url(path) else path)
        for name in (whole.name, whole.parent.name):
            fixed = name.replace("[", "*").replace("?", "*").split("*")[0].split(".")[0].rstrip("-_")
            if fixed:
                return fixed
        return "parquet"

    def preflight(self) -> list[Fault]:
        """Return what keeps the files from being read; only their footers are looked at."""
        try:
            _, head = self._seen
        except ContentError as error:
            hint = "delimited text is read by the source csv" if self.params.path.endswith(_TEXT) else ""
            return [Fault("path", str(error), hint)]
        except StorageError as error:
            return [as_fault("path", error)]
        return head.faults or ([] if head.rows else [Fault("path", f"{self.params.path} has no rows")])

    def header(self) -> list[str] | None:
        """Return the column names, or None when they cannot be read (preflight says why)."""
        try:
            _, head = self._seen
        except (ContentError, StorageError):
            return None
        return None if head.faults else list(head.types)

    def fingerprint(self) -> str | None:
        """Return size and modification time or ETag over all files."""
        from ml.sources.parquet_files import Parts

        try:
            return Parts(self.params.path).fingerprint()
        except (ContentError, StorageError):
            return None

    def read(self) -> "pd.DataFrame":
        """Return all rows. Raises ContentError."""
        from ml.io.arrow.fill import Filling

        parts, head = self._readable()
        filling = Filling(head.types, head.rows)
        for columns, _ in _batches(parts, head, _BATCH):
            filling.add(columns)
        return filling.frame()

    def chunks_as_stored(self, rows: int, known: Collection[str]) -> Iterator["Chunk"]:
        """Yield all rows in order, at most `rows` at a time, also in the types of the file. Raises ContentError."""
        import pandas as pd
        import pyarrow as pa

        from ml.components.source import Chunk
        from ml.io.arrow.frames import as_stored, frame

        parts, head = self._readable()
        for columns, batch in _batches(parts, head, rows):
            values = frame({name: pa.chunked_array([column]) for name, column in columns.items()}, gaps=True)
            stored = {name: as_stored(batch.column(name), kind) for name, kind in head.stored.items()}
            kept = {name: stored.get(name, values[name]) for name in values.columns}
            narrow = {name: values[name] for name, kind in head.stored.items() if pa.types.is_floating(kind)}
            yield Chunk(values, pd.DataFrame({**kept, **narrow}, copy=False), pd.DataFrame(kept, copy=False))

    @cached_property
    def _seen(self) -> tuple["Parts", "Head"]:
        """What the files' footers held when first read: a folder may have a thousand, far away."""
        return self._look()

    def _look(self) -> tuple["Parts", "Head"]:
        from ml.sources.parquet_files import Parts, read_head

        parts = Parts(self.params.path)
        return parts, read_head(parts, self.params.leave_out)

    def _readable(self) -> tuple["Parts", "Head"]:
        parts, head = self._look()
        if head.faults or not head.rows:
            faults = "; ".join(
                f"{fault.message} ({fault.hint})" if fault.hint else fault.message for fault in head.faults
            )
            raise ContentError(f"{self.params.path}: {faults or 'there are no rows'}")
        return parts, head


def _batches(parts: "Parts", head: "Head", rows: int) -> Iterator[tuple[dict[str, Any], Any]]:
    for part in parts.parts:
        yield from _batches_of(parts, part, head, rows)


def _batches_of(parts: "Parts", part: "Part", head: "Head", rows: int) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield a file's rows, at most `rows` at a time: as plain columns, and the batch as it is stored."""
    import pyarrow as pa

    from ml.io.arrow.frames import plain
    from ml.sources.parquet_files import folder_value

    name = ""
    with parts.open(part) as file:
        stored = [name for name in head.types if name in file.schema_arrow.names]
        try:
            for batch in _stored_batches(file, parts, part, rows, stored):
                columns: dict[str, Any] = {}
                for name, kind in head.types.items():
                    if name in stored:
                        columns[name] = plain(batch.column(batch.schema.get_field_index(name)), kind)
                    else:
                        columns[name] = pa.repeat(folder_value(part, name, kind), batch.num_rows)
                if batch.num_rows:
                    yield columns, batch
        except pa.ArrowException as error:
            raise ContentError(f"{part.path}: column {name!r} cannot be read: {error}") from None


def _stored_batches(file: Any, parts: "Parts", part: "Part", rows: int, names: list[str]) -> Iterator[Any]:
    from ml.io.text.file import reason

    batches = file.iter_batches(batch_size=rows, columns=names)
    while True:
        try:
            with parts.told():
                batch = next(batches, None)
        except DrivetrainError:
            raise
        except Exception as error:  # Arrow's own, and what the client of a file system far away raises
            raise ContentError(f"{part.path} cannot be read: {reason(error)}") from None
        if batch is None:
            return
        yield batch
