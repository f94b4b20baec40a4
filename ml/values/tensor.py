"""One cell that is an array, compared by its content. Light, the service imports it."""

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from schemas.column_types import MOST_AXES, Shape

if TYPE_CHECKING:
    import pandas as pd


class NoTensor(ValueError):
    """A value that is no array, or not one of the shape and type wanted; the text says what is wrong with it."""


class Tensor:
    """An array that stands in a cell: equal to others of the same content, so that tables can be searched for it."""

    __slots__ = ("__dict__", "array")

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    @cached_property
    def digest(self) -> str:
        """The sha256 of type, shape and numbers, 64 hexadecimal digits."""
        head = f"{self.array.dtype.str} {self.array.shape} ".encode()
        return hashlib.sha256(head + np.ascontiguousarray(self.array).tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tensor) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"array of {shape_text(list(self.array.shape))} {self.array.dtype} ({self.digest[:12]})"


def shape_text(shape: Shape) -> str:
    """Return a shape for a person: `8 × 8`, an asterisk where an axis is as long as it comes."""
    return " × ".join("*" if length is None else str(length) for length in shape) if shape else "a single value"


def read_any(value: Any) -> Tensor:
    """Return what nested lists or an array hold, whatever their shape; numbers and booleans only. Raises NoTensor."""
    if isinstance(value, Tensor):
        return value
    try:
        array = np.array(value.tolist() if isinstance(value, np.ndarray) and value.dtype == object else value)
    except (ValueError, OverflowError):
        raise NoTensor("is ragged or holds too large a number") from None
    if array.dtype == object and any(one is None for one in array.flat):
        raise NoTensor("has missing values in it")
    if array.dtype == object or array.dtype.kind not in "iufb" or not 1 <= array.ndim <= MOST_AXES:
        raise NoTensor(f"holds something else than numbers, or has no axis or more than {MOST_AXES}")
    return Tensor(array)


def as_json(cell: Any) -> Any:
    """Return a cell as JSON has it: an array as nested lists, all else as it is."""
    return cell.array.tolist() if isinstance(cell, Tensor) else cell


def holds_tensors(column: "pd.Series") -> bool:
    """Whether a column's first value is an array."""
    return column.dtype == object and isinstance(next((one for one in column if one is not None), None), Tensor)


def is_nested(value: Any) -> bool:
    """Whether a cell of a table is an array, however it is held."""
    return isinstance(value, Tensor | list | tuple | np.ndarray)


def parsed(text: str) -> Any:
    """Return what JSON text holds. Raises NoTensor where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NoTensor("is text that is no JSON of nested lists") from None
