"""The table that a compressed pickle of pandas describes, put together from its records without unpickling."""

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.sources.packages.pickle_reader import Call, records_of
from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = {"f8", "i8"}
_TEXTS = "O8"


def read_pickled_frame(file: Path) -> "pd.DataFrame":
    """Return the rows of an xz-compressed pickled frame of float64, int64 and text columns, in their order.

    Raises:
        ContentError: If the file cannot be read or describes anything else.
    """
    import pandas as pd

    try:
        manager = records_of(lzma.decompress(file.read_bytes())).state["_mgr"]
        blocks, (labels, _) = manager.arguments
        names = _values(labels.arguments[1]["data"])
        columns = {names[place]: column for block in blocks for place, column in _columns(block)}
        return pd.DataFrame({name: columns[name] for name in names})
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise ContentError(f"{file} cannot be read: {error}") from None
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ContentError(f"{file} describes no table of numbers and texts: {error}") from None


def _columns(block: Call) -> Iterator[tuple[int, Any]]:
    values, places, _ = block.arguments
    table = _values(values)
    yield from zip(_places(places), table, strict=True)


def _places(record: Call) -> list[int]:
    if record.name == "builtins.slice":
        return list(range(*record.arguments))
    return [int(place) for place in _values(record)]


def _values(record: Call) -> Any:
    """Return the array of a record, (n,) or (columns, rows): numbers from their bytes, texts from their list."""
    import numpy as np

    if record.name.endswith("._frombuffer"):
        data, kind, shape, order = record.arguments
        if kind.arguments[0] not in _NUMBERS or kind.state[1] != "<" or order not in ("C", "F"):
            raise ValueError(f"numbers of the type {kind.arguments[0]}")
        return np.frombuffer(bytes(data), dtype=f"<{kind.arguments[0]}").reshape(shape, order=order)
    _, shape, kind, by_column, values = record.state
    if kind.arguments[0] != _TEXTS or not all(isinstance(value, str | float | None) for value in values):
        raise ValueError("an array of other things than texts")
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts.reshape(shape, order="F" if by_column else "C")
