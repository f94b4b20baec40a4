"""The shape and type of a column of arrays, declared or read off all rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ml.values.tensor import NoTensor, Tensor, shape_text
from ml.values.tensor_form import Form
from schemas.column_types import CHANNELS, ColumnType, DType, Shape
from schemas.data_spec import ColumnSpec
from schemas.errors import ContentError

_LARGEST = 255
_PICTURE = 8
"""Pixels of a side that an array of three axes has at least to be taken for a picture."""
_SHOWN = 3


@dataclass(frozen=True)
class ArrayGuess:
    """What a column of arrays is, and why."""

    type: ColumnType
    why: str
    shape: Shape
    dtype: DType


def guess_arrays(name: str, column: pd.Series, spec: ColumnSpec) -> ArrayGuess:
    """Return type, shape and number type of a column whose cells are arrays.

    Raises:
        ContentError: If rows have no array, numbers of axes differ, rows do not have the shape or type declared, or
            what is declared a picture is none.
    """
    cells = [cell for cell in column if isinstance(cell, Tensor)]
    if missing := [row for row, cell in enumerate(column, start=1) if not isinstance(cell, Tensor)]:
        more = f" (and {len(missing) - _SHOWN:,} more)" if len(missing) > _SHOWN else ""
        named = f"row{'s'[: len(missing) > 1]} {', '.join(map(str, missing[:_SHOWN]))}{more}"
        raise ContentError(
            f"column {name!r} has no array in {len(missing):,} of {len(column):,} rows: {named}; leave those rows out"
        )
    ranks = sorted({cell.array.ndim for cell in cells})
    if len(ranks) > 1:
        raise ContentError(f"column {name!r} has arrays of {' and '.join(map(str, ranks))} axes; they must be alike")
    shape = spec.shape or _shape(cells)
    kind, why = _kind(spec, cells, shape)
    if spec.type is None:
        _require_keys_that_fit(name, spec, kind)
    if kind == "sequence" and spec.shape is None:
        shape = [None, *shape[1:]]
    dtype = spec.dtype or _dtype(cells, kind)
    if kind == "picture":
        _require_pictures(name, cells, shape, dtype)
    _require_fitting(name, cells, Form(shape, dtype, is_picture=kind == "picture"))
    return ArrayGuess(kind, f"{why}: {shape_text(shape)} {dtype}", shape, dtype)


def _require_keys_that_fit(name: str, spec: ColumnSpec, kind: ColumnType) -> None:
    """Refuse what is declared of a column whose type was not, where an array cannot have it."""
    try:
        ColumnSpec.model_validate(spec.model_dump(exclude_unset=True) | {"type": kind})
    except ValidationError as error:
        why = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise ContentError(
            f"column {name!r} is found to be a {kind} (declare its type where it is none): {why}"
        ) from None


def _shape(cells: list[Tensor]) -> Shape:
    lengths = np.array([cell.array.shape for cell in cells])
    return [int(axis[0]) if (axis == axis[0]).all() else None for axis in lengths.T]


def _kind(spec: ColumnSpec, cells: list[Tensor], shape: Shape) -> tuple[ColumnType, str]:
    if spec.type is not None and spec.type != "drop":
        return spec.type, "declared"
    if len(shape) == 1 and shape[0] is None:
        return "sequence", "lists of numbers, of different lengths"
    sides = [side for cell in cells for side in cell.array.shape[:2]]
    if len(shape) == 3 and shape[2] in CHANNELS and min(sides) >= _PICTURE and _are_bytes(cells):
        return "picture", "height, width and channels of whole numbers up to 255 (declare type: tensor if it is none)"
    return "tensor", "nested lists of numbers"


def _are_bytes(cells: list[Tensor]) -> bool:
    return all(
        cell.array.dtype.kind in "iu" and 0 <= cell.array.min() <= cell.array.max() <= _LARGEST for cell in cells
    )


def _dtype(cells: list[Tensor], kind: ColumnType) -> DType:
    stored = cells[0].array.dtype.kind  # one for the whole column
    if stored == "f":
        return "float32"
    if kind == "picture":
        return "uint8"
    return "bool" if stored == "b" else "int64"


def _require_pictures(name: str, cells: list[Tensor], shape: Shape, dtype: DType) -> None:
    if len(shape) != 3 or shape[2] not in CHANNELS:
        raise ContentError(
            f"column {name!r} is declared a picture, which has height, width and 1, 3 or 4 channels, but its arrays "
            f"are {shape_text(shape)}; declare type: tensor"
        )
    if dtype == "float32" and any(cell.array.max(initial=0) > 1 for cell in cells):
        raise ContentError(
            f"column {name!r} is declared a picture, of which floats are from 0 to 1, but it has larger ones; declare "
            f"dtype: uint8 where they are whole numbers from 0 to 255, scale them, or declare type: tensor"
        )


def _require_fitting(name: str, cells: list[Tensor], form: Form) -> None:
    wrong = []
    for row, cell in enumerate(cells, start=1):
        try:
            form.read(cell)
        except NoTensor as error:
            wrong.append(f"row {row} {error}")
    if wrong:
        more = f" (and {len(wrong) - _SHOWN:,} more)" if len(wrong) > _SHOWN else ""
        raise ContentError(f"column {name!r}: {'; '.join(wrong[:_SHOWN])}{more}")
