"""The datatypes of tensors."""

import numpy as np
from numpy.typing import NDArray

BYTES, BOOL = "BYTES", "BOOL"
FLOATS = {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}
INTEGERS = {
    **{"INT8": "|i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8"},
    **{"UINT8": "|u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8"},
}
NUMBERS = frozenset({*FLOATS, *INTEGERS})
WIRE = {name: np.dtype(code) for name, code in {**FLOATS, **INTEGERS, BOOL: "|b1"}.items()}
"""How the numbers of a tensor follow each other in a binary body, by datatype."""
NAMES = (*WIRE, BYTES)
OF_HELD = {
    **{"float32": "FP32", "float64": "FP64", "int64": "INT64", "int32": "INT32"},
    **{"uint8": "UINT8", "bool": BOOL},
}
"""The datatype of an input that is an array, by the type that the signature gives it."""


def largest(datatype: str) -> float:
    """Return the largest number of a datatype of floating-point numbers."""
    return float(np.finfo(WIRE[datatype]).max)


def to_wire(datatype: str, array: NDArray[np.generic]) -> bytes:
    """Return numbers as a binary body has them."""
    return np.ascontiguousarray(array, dtype=WIRE[datatype]).tobytes()
