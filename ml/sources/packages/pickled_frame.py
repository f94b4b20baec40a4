"""The table that a compressed pickle of pandas describes, put together from its records without unpickling."""

import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.sources.packages.pickle_reader import Call, records_of
from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = {"f8", "i8"}
_TEXTS = "O8"
_LONGEST_KIND = 20
_MOST_BYTES = 16 * 2**20
"""Of the pickle; the largest known table, ames, takes 1,218,682."""
_MOST_MEMORY = 128 * 2**20
"""Bytes that decompressing may take; xz at its strongest takes 65 MiB."""
_MOST_CELLS = _MOST_BYTES // 8
"""Of all columns: as many numbers as such a pickle holds. One array may be named by many columns."""


def read_pickled_frame(file: Path) -> "pd.DataFrame":
    """Return the rows of an xz-compressed pickled frame of float64, int64 and text columns, in their order.

    Raises:
        ContentError: If the file cannot be read or describes anything else.
    """
    import pandas as pd

    try:
        manager = records_of(_decompressed(file.read_bytes())).state["_mgr"]
        blocks, (labels, _) = manager.arguments
        names = _names(labels.arguments[1]["data"])
        columns = dict(_columns(blocks, names))
        return pd.DataFrame({name: columns[name] for name in names})
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise ContentError(f"{file} cannot be read: {error}") from None
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise ContentError(f"{file} describes no table of numbers and texts: {error}") from None


def _decompressed(data: bytes) -> bytes:
    reader = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
    found = reader.decompress(data, max_length=_MOST_BYTES)
    if not reader.eof:
        more = len(found) == _MOST_BYTES
        raise lzma.LZMAError(f"it has more than {_MOST_BYTES:,} bytes" if more else "it ends too early")
    return found


def _names(record: Call) -> list[str]:
    names = _values(record)
    if names.ndim != 1 or not all(type(name) is str for name in names):
        raise ValueError("names of columns that are no texts")
    return list(names)


def _columns(blocks: tuple[Call, ...], names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    cells = 0
    for block in blocks:
        values, places, _ = block.arguments
        table = _values(values)
        cells += table.size
        if table.ndim != 2 or cells > _MOST_CELLS:
            raise ValueError(f"blocks that are no columns, or more than {_MOST_CELLS:,} cells")
        yield from ((names[place], column) for place, column in zip(_places(places, len(names)), table, strict=True))


def _places(record: Call, count: int) -> Sequence[int]:
    """Return which of the `count` columns a block holds."""
    if record.name == "builtins.slice":
        return range(*slice(*record.arguments).indices(count))
    return [int(place) for place in _values(record)]


def _values(record: Call) -> Any:
    """Return the array of a record, (n,) or (columns, rows): numbers from their bytes, texts from their list."""
    import numpy as np

    if record.name.endswith("._frombuffer"):
        data, kind, shape, order = record.arguments
        number = _kind(kind)
        if number not in _NUMBERS or kind.state[1] != "<" or order not in ("C", "F"):
            raise ValueError(f"numbers of the type {number}")
        if not isinstance(data, bytes | bytearray):
            raise TypeError("numbers that are no bytes")
        return np.frombuffer(data, dtype=f"<{number}").reshape(_shape(shape), order=order)
    _, shape, kind, by_column, values = record.state
    if (
        _kind(kind) != _TEXTS
        or type(values) is not list
        or not all(isinstance(one, str | float | None) for one in values)
    ):
        raise ValueError("an array of other things than texts")
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts.reshape(_shape(shape), order="F" if by_column is True else "C")


def _kind(record: Call) -> str:
    kind = record.arguments[0]
    if type(kind) is not str or len(kind) > _LONGEST_KIND:
        raise TypeError("an array without a type")
    return kind


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) not in (1, 2) or not all(type(one) is int and one >= 0 for one in shape):
        raise ValueError("an array that is no column and no table")
    return shape
