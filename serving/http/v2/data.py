"""The data of one tensor: what JSON or bytes say, as an array or a list. Nothing is larger than what was sent."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.values.by_column import Column
from serving.http.v2.datatypes import BOOL, BYTES, FLOATS, WIRE, largest
from serving.http.v2.faults import fault_of
from serving.http.v2.request import Given

_LENGTH = 4  # bytes before each text
_NONE = type(None)


def require_size(given: Given) -> None:
    """Raise HttpError where the bytes of a tensor of numbers are not as many as its shape says."""
    if not given.is_binary or given.datatype == BYTES:
        return
    size, wanted = given.data.stop - given.data.start, math.prod(given.shape) * WIRE[given.datatype].itemsize
    if size != wanted:
        text = f"has {size} bytes of binary data, and {given.datatype} of that shape has {_shown(wanted)}"
        raise fault_of(given.name, text)


def values(given: Given, rest: memoryview) -> Column:
    """Return the elements of a tensor, flat: an array of numbers, or a list where they are texts or some are null.

    Args:
        given: A tensor whose size is as `require_size` wants it.
        rest: The bytes behind the JSON.

    Raises:
        HttpError: 400 where the data are not of the datatype, or not as many as the shape says.
    """
    if given.is_binary:
        return _texts(given, rest[given.data]) if given.datatype == BYTES else _numbers(given, rest[given.data])
    count = math.prod(given.shape)
    flat = _flat(given, count)
    kinds = set(map(type, flat))
    if given.datatype == BYTES:
        _require(given, kinds, {str}, "strings")
        return flat
    if given.datatype == BOOL:
        _require(given, kinds, {bool}, "true and false")
        return flat if _NONE in kinds else np.array(flat, dtype=bool)
    if given.datatype in FLOATS:
        _require(given, kinds, {int, float}, "numbers")
        return _floats(given, flat)
    _require(given, kinds, {int}, "whole numbers")
    return _integers(given, flat, has_gaps=_NONE in kinds)


def _numbers(given: Given, data: memoryview) -> NDArray[Any]:
    """Return the numbers of a binary tensor, which stay where they are."""
    if given.datatype == BOOL:
        octets = np.frombuffer(data, dtype=np.uint8)
        if octets.size and octets.max() > 1:
            raise fault_of(given.name, "has bytes other than 0 and 1, and is of the datatype BOOL")
        return octets.view(bool)
    return np.frombuffer(data, dtype=WIRE[given.datatype])


def _texts(given: Given, view: memoryview) -> list[str]:
    """Return the texts of a binary tensor, each behind its length in bytes."""
    data, count, place, found = view.tobytes(), math.prod(given.shape), 0, list[str]()
    if count * _LENGTH > len(data):
        raise fault_of(given.name, f"has {len(data)} bytes of binary data, too few for its shape")
    for number in range(count):
        start = place + _LENGTH
        place = start + int.from_bytes(data[start - _LENGTH : start], "little")
        if start > len(data) or place > len(data):
            raise fault_of(given.name, f"ends before its element {number} does, by the length that this has")
        try:
            found.append(data[start:place].decode())
        except UnicodeDecodeError:
            raise fault_of(given.name, f"has an element {number} that is not UTF-8") from None
    if place != len(data):
        raise fault_of(given.name, f"has {len(data) - place} bytes behind its last element")
    return found


def _flat(given: Given, count: int) -> list[Any]:
    """Return the elements of flat or nested lists."""
    data = given.data
    if type(data) is not list:
        raise fault_of(given.name, "must have a list of data")
    if not data or type(data[0]) is not list:
        if len(data) != count:
            raise fault_of(given.name, f"has {len(data)} elements, and its shape {_shown(count)}")
        return data
    level: list[Any] = [data]
    for length in given.shape:
        if set(map(type, level)) != {list} or set(map(len, level)) != {length}:
            raise fault_of(given.name, "has lists that are not nested as its shape says")
        level = list(chain.from_iterable(level))
    return level


def _require(given: Given, kinds: set[type], wanted: set[type], words: str) -> None:
    if not kinds <= {*wanted, _NONE}:
        raise fault_of(given.name, f"must hold {words}, being of the datatype {given.datatype}")


def _floats(given: Given, flat: Sequence[Any]) -> NDArray[np.float64]:
    """Return numbers with all of their digits, NaN for null."""
    try:
        array = np.array(flat, dtype=np.float64)
    except OverflowError:
        raise _too_large(given) from None
    if given.datatype != "FP64" and (np.abs(array) > largest(given.datatype)).any():
        raise _too_large(given)
    return array


def _integers(given: Given, flat: list[Any], *, has_gaps: bool) -> Column:
    try:
        array = np.array([0 if one is None else one for one in flat], dtype=WIRE[given.datatype])
    except OverflowError:
        raise _too_large(given) from None
    return flat if has_gaps else array


def _too_large(given: Given) -> Exception:
    return fault_of(given.name, f"holds a number beyond the datatype {given.datatype}")


def _shown(count: int) -> str:
    return f"{count:,}" if count < 1 << 63 else "more than 2**63"
