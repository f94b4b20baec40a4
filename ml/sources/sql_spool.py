"""A scratch folder that rows pass through on their way to frames of equal types."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa

from ml.components.source import Chunk
from ml.io.arrow.frames import as_stored, common_stored_type, frame, plain
from ml.io.scratch import scratch_folder
from ml.sources.sql_values import column, final_type, stored_column
from schemas.errors import ContentError


class Spool:
    """Chunks of a table, each with its own types, in one scratch file per chunk; gone on exit.

    In a file, column `c3` has the values of the table's fourth, and `s3` what is stored where that is more.
    """

    def __init__(self) -> None:
        self._folder = scratch_folder("rows")
        self._files: list[Path] = []
        self._names: list[str] = []
        self._types: dict[int, set[pa.DataType]] = {}
        self._stored: dict[int, set[pa.DataType | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, cells: Mapping[str, Sequence[Any]]) -> None:
        """Write one chunk, a column's values by its name. Raises ContentError when the disk is full."""
        path = Path(self._folder.name, f"{len(self._files)}.arrow")
        self._names = list(cells)
        chunk = pa.table(dict(self._columns(cells)))
        try:
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, chunk.schema) as writer:
                writer.write_table(chunk)
        except OSError as error:
            raise ContentError(f"the rows cannot be put into {path.parent}: {error}") from None
        self._files.append(path)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks in order, all with the types that hold all of them."""
        kinds = {place: final_type(found) for place, found in self._types.items()}
        known = {place: {kind for kind in found if kind} for place, found in self._stored.items() if None not in found}
        stored = {place: kind for place, found in known.items() if (kind := common_stored_type(found)) is not None}
        for path in self._files:
            with pa.OSFile(str(path), "rb") as file:
                chunk = pa.ipc.open_file(file).read_all().combine_chunks()
            path.unlink()
            values = frame(
                {self._names[place]: pa.chunked_array([plain(part, kind) for part in chunk[f"c{place}"].chunks], kind)
                 for place, kind in kinds.items()}, gaps=True,
            )  # fmt: skip
            kept = {self._names[place]: _stored(chunk, place, kind) for place, kind in stored.items()}
            whole = pd.DataFrame({name: kept.get(name, values[name]) for name in values.columns}, copy=False)
            yield Chunk(values, whole, whole)

    def _columns(self, cells: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, pa.Array]]:
        for place, values in enumerate(cells.values()):
            read, stored = column(values), stored_column(values)
            self._types.setdefault(place, set()).add(read.type)
            yield f"c{place}", read
            if not pa.types.is_null(read.type):
                self._stored.setdefault(place, set()).add(None if stored is None else stored.type)
            if stored is not None:
                yield f"s{place}", stored


def _stored(chunk: pa.Table, place: int, kind: pa.DataType) -> pd.Series:
    name = f"s{place}"
    return as_stored(chunk[name].chunk(0) if name in chunk.column_names else pa.nulls(len(chunk)), kind)
