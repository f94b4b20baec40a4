"""A piece of a batch: what came of some rows that were predicted together, as it is kept until all of them are."""

import hashlib
import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ml.components.source import Chunk
from ml.predictions.predictor import Predictions
from ml.validation.row_errors import RowError
from schemas.errors import ContentError

_ARRAYS = ("codes", "probabilities", "values", "lower", "upper")
_ABOUT, _POSITIONS = "about", "positions"


@dataclass(frozen=True)
class Piece:
    """What came of the rows of one chunk.

    Attributes:
        positions: Where the predicted rows are in it, (n,), in order.
        predictions: Theirs, n of them; None where no row was predicted.
        wrong: What is wrong with the others, by place.
        told: What is told of each predicted row, as JSON; None where nothing ever is.
        requests: What goes into the model's journal, if anything does.
    """

    positions: NDArray[np.int64]
    predictions: Predictions | None
    wrong: dict[int, RowError]
    told: list[str | None] | None
    requests: list[dict[str, Any]] = field(default_factory=list)


def digest_of(chunk: Chunk) -> str:
    """Return what is another text for other rows, or for rows that are read in another way."""
    found = hashlib.blake2b(repr(chunk.text).encode(), digest_size=16)
    for name in chunk.cells.columns:
        found.update(repr((name, str(chunk.cells[name].dtype))).encode())
        found.update(_bytes_of(chunk.cells[name]))
    return found.hexdigest()


def _bytes_of(column: pd.Series) -> bytes:
    try:
        table = pa.table({"a": pa.Array.from_pandas(column)})
        written = pa.BufferOutputStream()
        with pa.ipc.new_stream(written, table.schema) as stream:
            stream.write_table(table)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):  # a column of several kinds
        return json.dumps([f"{type(cell).__name__} {cell!r}" for cell in column.tolist()]).encode()
    return bytes(written.getvalue())


def to_bytes(piece: Piece, digest: str) -> bytes:
    """Return a piece of the rows that have a digest as bytes without code in them."""
    found = piece.predictions
    about = {
        "digest": digest,
        "level": None if found is None else found.level,
        "wrong": [[place, error["column"], error["message"]] for place, error in piece.wrong.items()],
        "told": piece.told,
        "requests": piece.requests,
    }
    kept: dict[str, Any] = {
        _ABOUT: np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        _POSITIONS: piece.positions,
    }
    if found is not None:
        kept |= {name: array for name in _ARRAYS if (array := getattr(found, name)) is not None}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **kept)
    return file.getvalue()


def from_bytes(content: bytes, digest: str) -> Piece | None:
    """Return a piece that `to_bytes` wrote, None where it is of other rows.

    Raises:
        ContentError: If the bytes are damaged.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            about = json.loads(kept[_ABOUT].tobytes())
            if about["digest"] != digest:
                return None
            arrays: dict[str, Any] = {name: kept[name] for name in _ARRAYS if name in kept.files}
            positions = kept[_POSITIONS]
        wrong: dict[int, RowError] = {
            place: {"column": column, "message": message} for place, column, message in about["wrong"]
        }
        predictions = Predictions(**arrays, level=about["level"]) if arrays else None
        return Piece(positions, predictions, wrong, about["told"], about["requests"])
    except Exception as error:  # NumPy and its zip reader raise all sorts of what is no such file
        raise ContentError(f"a piece of an earlier run is damaged: {error}") from error
