"""What the tensor of each column may be."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.column_types import Shape
from schemas.signature import Input, Signature
from serving.http.v2.datatypes import BOOL, BYTES, NUMBERS, OF_HELD


@dataclass(frozen=True)
class Form:
    """What the tensor of one column may be; `shape` is that of a row's array, None where a row has a single value."""

    datatype: str
    taken: frozenset[str]
    shape: Shape | None
    is_nullable: bool
    knows_empty: bool

    @property
    def axes(self) -> list[int]:
        """The shape of the whole tensor, -1 where an axis is as long as it comes."""
        return [-1, *(-1 if length is None else length for length in self.shape or [])]


def forms_of(signature: Signature) -> dict[str, Form]:
    """Return the tensors of a signature's inputs, by name and in order."""
    known = signature.known_values()
    return {one.name: _form(one, known.get(one.name, ())) for one in signature.inputs}


def metadata(forms: Mapping[str, Form]) -> list[dict[str, Any]]:
    """Return name, datatype and shape of each."""
    return [{"name": name, "datatype": one.datatype, "shape": one.axes} for name, one in forms.items()]


def example(forms: Mapping[str, Form], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tensors of one row, in JSON; those of columns that it lacks are left out."""
    return [
        {
            "name": name,
            "shape": [1, *np.shape(row[name])],
            "datatype": one.datatype,
            "data": [float(row[name]) if isinstance(row[name], bool) and one.datatype == "FP64" else row[name]],
        }
        for name, one in forms.items()
        if name in row
    ]


def _form(column: Input, known: Collection[str]) -> Form:
    if column.shape is not None:
        datatype = OF_HELD[column.dtype or "float32"]
        taken = frozenset({BOOL}) if datatype == BOOL else NUMBERS
        return Form(datatype, taken, column.shape, column.nullable, knows_empty=False)
    datatype, taken = _single(column)
    return Form(datatype, taken, None, column.nullable, knows_empty="" in known)


def _single(column: Input) -> tuple[str, frozenset[str]]:
    """Return of single values what the tensor is said to be, and all that it may be."""
    text = frozenset({BYTES}) if column.decimal is not None else frozenset[str]()
    match column.type:
        case "number":
            return "INT64" if column.integer and not column.nullable else "FP64", NUMBERS | text
        case "boolean":
            return "FP64" if column.nullable else BOOL, NUMBERS | text | {BOOL}
        case "category" | "identifier":
            return BYTES, NUMBERS | {BYTES, BOOL}
        case _:
            return BYTES, frozenset({BYTES})
