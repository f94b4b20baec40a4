"""What the arrays of an input look like, and their strict reading. Light, the service imports it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.values.tensor import NoTensor, Tensor, parsed, shape_text
from schemas.data import Column, DType, Shape
from schemas.signature import Input

_KINDS: dict[DType, str] = {
    "float32": "numbers",
    "int64": "whole numbers",
    "int32": "whole numbers of 32 bits",
    "uint8": "whole numbers from 0 to 255",
    "bool": "true and false",
}
_PLAIN = (int, float)


class _WrongRank(NoTensor):
    """Lists that are nested too deep, or not deep enough."""


@dataclass(frozen=True)
class Form:
    """What the arrays of an input look like."""

    shape: Shape
    dtype: DType

    def __str__(self) -> str:
        return f"nested lists of {_KINDS[self.dtype]} of the shape {shape_text(self.shape)}"

    def read(self, value: Any) -> Tensor:
        """Return what nested lists, an array or JSON text of them hold. Raises NoTensor."""
        if isinstance(value, Tensor):
            return Tensor(self._typed(self._shaped(value.array)))
        if isinstance(value, str):
            value = self._parsed(value)
        if isinstance(value, np.ndarray) and value.dtype != object:
            return Tensor(self._typed(self._shaped(value)))
        return Tensor(self._typed(self._shaped(self._nested(value))))

    def _parsed(self, text: str) -> Any:
        try:
            return parsed(text)
        except NoTensor as error:
            raise NoTensor(f"{error}; it must be {self}") from None

    def _nested(self, value: Any) -> NDArray[Any]:
        if not isinstance(value, list | tuple | np.ndarray):
            raise NoTensor(f"must be {self}, not {_kind(value)}")
        try:
            for place, row in _innermost(value, len(self.shape), ()):
                self._require_plain(row, place)
        except _WrongRank as error:
            raise NoTensor(f"{error}; it must be {self}") from None
        try:
            return np.array(value, dtype=np.bool_ if self.dtype == "bool" else None)
        except OverflowError:
            raise NoTensor(f"holds too large a number; it must be {self}") from None
        except ValueError:
            raise NoTensor(f"is ragged: {_ragged(value)}; it must be {self}") from None

    def _require_plain(self, row: Sequence[Any], place: tuple[int, ...]) -> None:
        kinds = set(map(type, row))
        allowed = (bool,) if self.dtype == "bool" else _PLAIN
        if kinds.issubset(allowed):
            return
        wrong = next(number for number, value in enumerate(row) if type(value) not in allowed)
        if not isinstance(row[wrong], np.generic):
            raise NoTensor(f"holds {_kind(row[wrong])} at {[*place, wrong]}; it must be {self}")

    def _shaped(self, array: NDArray[Any]) -> NDArray[Any]:
        fits = array.ndim == len(self.shape) and all(
            wanted is None or wanted == length for wanted, length in zip(self.shape, array.shape, strict=True)
        )
        if array.dtype == object:
            raise NoTensor(f"holds too large a number; it must be {self}")
        if 0 in array.shape:
            raise NoTensor(f"is empty; it must be {self}")
        if not fits:
            raise NoTensor(f"has the shape {shape_text(list(array.shape))}; it must be {self}")
        return array

    def _typed(self, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype == self.dtype:
            typed = array
        elif (array.dtype == np.bool_) != (self.dtype == "bool"):
            raise NoTensor(f"holds {'booleans' if array.dtype == np.bool_ else 'no booleans'}; it must be {self}")
        elif self.dtype == "float32":
            with np.errstate(over="ignore"):
                typed = array.astype(np.float32)
        else:
            typed = self._whole(array)
        if self.dtype == "float32" and not np.isfinite(typed).all():
            place = np.argwhere(~np.isfinite(typed))[0].tolist()
            found = float(array[tuple(place)])
            what = "NaN" if found != found else "an infinite number" if np.isinf(found) else "too large a number"
            raise NoTensor(f"holds {what} at {place}; it must be {self}, all of them finite")
        return typed

    def _whole(self, array: NDArray[Any]) -> NDArray[Any]:
        limits = np.iinfo(self.dtype)
        with np.errstate(invalid="ignore"):
            wrong = ~((array == np.floor(array)) & (array >= limits.min) & (array <= limits.max))
        if array.dtype.kind == "f" and self.dtype == "int64":  # the largest int64 is no float64
            wrong |= array >= 2.0**63
        if wrong.any():
            place = np.argwhere(wrong)[0].tolist()
            raise NoTensor(f"holds {array[tuple(place)].item()} at {place}; it must be {self}")
        return array.astype(self.dtype)


def form_of(item: Input | Column) -> Form:
    """Return what the arrays of a column look like."""
    assert item.shape is not None and item.dtype is not None, "an array has a shape and a type"
    return Form(item.shape, item.dtype)


def _innermost(value: Any, depth: int, place: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Sequence[Any]]]:
    """Yield the lists of numbers with where they stand, as far down as the rank wanted; never deeper."""
    if depth <= 1:
        if any(isinstance(one, list | tuple | np.ndarray) for one in value):
            raise _WrongRank(
                f"has more axes than are wanted at {list(place)}" if place else "has more axes than are wanted"
            )
        yield place, value
        return
    for number, one in enumerate(value):
        if not isinstance(one, list | tuple | np.ndarray):
            raise _WrongRank(f"has fewer axes than are wanted: {_kind(one)} stands at {[*place, number]}")
        yield from _innermost(one, depth - 1, (*place, number))


def _ragged(value: Any) -> str:
    lengths = sorted({len(one) for one in value if isinstance(one, list | tuple | np.ndarray)})
    if len(lengths) > 1:
        return f"its lists have {' and '.join(map(str, lengths[:3]))} values"
    return "lists at one depth differ in length"


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        str: "a string",
        bool: "a boolean",
        type(None): "null",
        int: "a number",
        float: "a number",
    }
    return names.get(
        type(value), "a list" if isinstance(value, list | tuple | np.ndarray) else f"a {type(value).__name__}"
    )
