"""The arrays of many rows as one. Light: the service imports it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.values.tensor import Tensor
from schemas.column_types import Shape


def stacked(cells: Sequence[Tensor], shape: Shape, dtype: str) -> NDArray[Any]:
    """Return the arrays of many rows as one, (rows, *shape); free axes are as long as the longest, zeros behind."""
    if None not in shape:
        return np.stack([cell.array for cell in cells]) if cells else np.empty((0, *_fixed(shape)), dtype=dtype)
    longest = np.max([cell.array.shape for cell in cells], axis=0) if cells else [length or 0 for length in shape]
    filled = np.zeros((len(cells), *longest), dtype=dtype)
    for row, cell in zip(filled, cells, strict=True):
        row[tuple(slice(length) for length in cell.array.shape)] = cell.array
    return filled


def shapes(cells: Sequence[Tensor], rank: int) -> NDArray[np.int32]:
    """Return how long each axis of each array is, (rows, axes)."""
    return np.array([cell.array.shape for cell in cells], dtype=np.int32).reshape(len(cells), rank)


def _fixed(shape: Shape) -> list[int]:
    return [length for length in shape if length is not None]
