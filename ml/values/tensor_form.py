"""What the arrays of an input look like, and their strict reading. Light, the service imports it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.values.tensor import NoTensor, Tensor, parsed, shape_text
from schemas.column_types import HeldDType, Shape
from schemas.data import Column
from schemas.signature import Input

_KINDS: dict[HeldDType, str] = {
    "float32": "numbers",
    "float64": "numbers",
    "int64": "whole numbers",
    "int32": "whole numbers of 32 bits",
    "uint8": "whole numbers from 0 to 255",
    "bool": "true and false",
}
_FLOATS = ("float32", "float64")
_LARGEST = np.finfo(np.float32).max  # models compute in it
_PLAIN, _BOOLEANS, _LISTS = frozenset({int, float}), frozenset({bool}), frozenset({list})


@dataclass(frozen=True)
class Form:
    """What the arrays of an input look like; `is_picture` of floats: they are brightness, from 0 to 1.

    `shortest` is of a history, of which so many last points are looked at.
    """

    shape: Shape
    dtype: HeldDType
    shortest: int | None = None
    is_picture: bool = False

    def __str__(self) -> str:
        if self.shortest is not None:
            return f"a list of at least {self.shortest} {_KINDS[self.dtype]}, the newest last"
        kind = "numbers from 0 to 1" if self._is_bounded else _KINDS[self.dtype]
        return f"nested lists of {kind} of the shape {shape_text(self.shape)}"

    @property
    def _is_bounded(self) -> bool:
        return self.is_picture and self.dtype == "float32"

    def read(self, value: Any) -> Tensor:
        """Return what nested lists, an array or their JSON text hold; of a history what counts. Raises NoTensor."""
        if isinstance(value, Tensor):
            return self._looked_at(value.array)
        if isinstance(value, str):
            value = self._parsed(value)
        if isinstance(value, np.ndarray) and value.dtype != object:
            return self._looked_at(value)
        return self._looked_at(self._nested(value))

    def _looked_at(self, array: NDArray[Any]) -> Tensor:
        """Return the array checked; what a history has before its last points is not looked at by anyone, ever."""
        found = self._typed(self._shaped(array))
        return Tensor(found if self.shortest is None or len(found) == self.shortest else found[-self.shortest :].copy())

    def _parsed(self, text: str) -> Any:
        try:
            return parsed(text)
        except NoTensor as error:
            raise NoTensor(f"{error}; it must be {self}") from None

    def _nested(self, value: Any) -> NDArray[Any]:
        """Return the array of nested lists, a level at a time: their types and lengths are looked at many at once."""
        value = _as_lists(value)
        if type(value) is not list:
            raise NoTensor(f"must be {self}, not {_kind(value)}")
        level, lengths = [value], list[int]()
        for _ in self.shape:
            self._require_lists(level, lengths)
            lengths.append(len(level[0]))
            level = list(chain.from_iterable(level))
        allowed = _BOOLEANS if self.dtype == "bool" else _PLAIN
        if not allowed.issuperset(map(type, level)):
            place = next(place for place, one in enumerate(level) if type(one) not in allowed)
            if type(level[place]) is list:
                raise NoTensor(f"has more axes than are wanted at {_at(place, lengths)}; it must be {self}")
            raise NoTensor(f"holds {_kind(level[place])} at {_at(place, lengths)}; it must be {self}")
        return np.array(level, dtype=np.bool_ if self.dtype == "bool" else None).reshape(lengths)

    def _require_lists(self, level: list[Any], lengths: list[int]) -> None:
        """Check that all that stands at one depth are lists of one length, and not empty."""
        if not _LISTS.issuperset(map(type, level)):
            place = next(place for place, one in enumerate(level) if type(one) is not list)
            text = f"{_kind(level[place])} stands at {_at(place, lengths)}"
            raise NoTensor(f"has fewer axes than are wanted: {text}; it must be {self}")
        found = sorted(set(map(len, level)))
        if len(found) > 1:
            raise NoTensor(f"is ragged: lists have {found[0]} and {found[-1]} values; it must be {self}")
        if found == [0]:
            raise NoTensor(f"is empty; it must be {self}")

    def _shaped(self, array: NDArray[Any]) -> NDArray[Any]:
        fits = array.ndim == len(self.shape) and all(
            wanted is None or wanted == length for wanted, length in zip(self.shape, array.shape, strict=True)
        )
        if array.dtype == object:
            raise NoTensor(f"holds too large a number; it must be {self}")
        if 0 in array.shape:
            raise NoTensor(f"is empty; it must be {self}")
        if fits and self.shortest is not None and len(array) < self.shortest:
            raise NoTensor(f"has {len(array)} values; it must be {self}")
        if not fits:
            raise NoTensor(f"has the shape {shape_text(list(array.shape))}; it must be {self}")
        return array

    def _typed(self, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype == self.dtype:
            typed = array
        elif (array.dtype == np.bool_) != (self.dtype == "bool"):
            raise NoTensor(f"holds {'booleans' if array.dtype == np.bool_ else 'no booleans'}; it must be {self}")
        elif self.dtype in _FLOATS:
            with np.errstate(over="ignore"):
                typed = array.astype(self.dtype)
        else:
            typed = self._whole(array)
        if self.dtype in _FLOATS and not (wanted := np.abs(typed) <= _LARGEST).all():  # which NaN is not either
            place = np.argwhere(~wanted)[0].tolist()
            found = float(array[tuple(place)])
            what = "NaN" if found != found else "an infinite number" if np.isinf(found) else "too large a number"
            raise NoTensor(f"holds {what} at {place}; it must be {self}, all of them finite")
        if self._is_bounded and not (typed.min() >= 0 and typed.max() <= 1):
            place = np.argwhere((typed < 0) | (typed > 1))[0].tolist()
            raise NoTensor(f"holds {array[tuple(place)].item()} at {place}; it must be {self}")
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
    shortest = item.shortest if isinstance(item, Input) else None
    return Form(item.shape, item.dtype, shortest, is_picture=item.type == "picture")


def _as_lists(value: Any) -> Any:
    """Return nested lists for what a table may hold instead: tuples, arrays of arrays."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, tuple):
        value = list(value)
    return [_as_lists(one) for one in value] if type(value) is list and not _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    """Whether nested lists are lists all the way along their first elements."""
    while type(value) is list and value:
        value = value[0]
    return not isinstance(value, tuple | np.ndarray)


def _at(place: int, lengths: Sequence[int]) -> list[int]:
    """Return where the element of a level stands, in nested lists of these lengths."""
    return [int(index) for index in np.unravel_index(place, lengths)] if lengths else []


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
