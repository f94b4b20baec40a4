"""A scratch folder that rows pass through on their way to frames of equal types."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pandas as pd
import pyarrow as pa

from ml.sources.arrow_frames import frame, plain
from ml.sources.sql_values import final_type
from schemas.errors import ContentError


class Spool:
    """Pieces of a table, each with its own types, in one scratch file per piece; gone on exit."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="drivetrain-rows-")
        self._files: list[Path] = []
        self._types: dict[str, set[pa.DataType]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, columns: dict[str, Any]) -> None:
        """Write one piece. Raises ContentError when the disk is full."""
        path = Path(self._folder.name, f"{len(self._files)}.arrow")
        piece = pa.table(columns)
        for name, column in columns.items():
            self._types.setdefault(name, set()).add(column.type)
        try:
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, piece.schema) as writer:
                writer.write_table(piece)
        except OSError as error:
            raise ContentError(f"the rows cannot be put into {path.parent}: {error}") from None
        self._files.append(path)

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield the pieces in order, all with the types that hold all of them."""
        kinds = {name: final_type(found) for name, found in self._types.items()}
        for path in self._files:
            with pa.OSFile(str(path), "rb") as file:
                piece = pa.ipc.open_file(file).read_all()
            path.unlink()
            yield frame(
                {name: pa.chunked_array([plain(part, kind) for part in piece[name].chunks], kind)
                 for name, kind in kinds.items()}, gaps=True,
            )  # fmt: skip
