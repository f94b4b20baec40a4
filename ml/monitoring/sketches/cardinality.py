"""How many distinct values there are: a HyperLogLog sketch, kept as the bytes that DataSketches writes and documents.

The estimate has a standard error of 1.6 % (8-bit registers, 4096 of them) and hardly any up to 384 values. It depends
on the set of values only: a merge of parts gives the estimate of the whole, in whatever order.

Source:
    P. Flajolet et al., HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm, AofA 2007; the
    layout and the hash are those of Apache DataSketches, so that other languages' versions read and merge it.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.sketches.damage import loaded, require
from ml.monitoring.sketches.library import library
from ml.monitoring.sketches.murmur import hash_doubles

_LG = 12
_REGISTERS = 1 << _LG
_VERSION, _FAMILY = 1, 7
_FEW = 384  # up to so many values the sketch is a list of them
_LIST, _SET, _REGISTER = 0, 1, 2
_INTS = {_LIST: 2, _SET: 3, _REGISTER: 10}
_EIGHT_BITS = 2
_EMPTY, _COMPACT, _UNORDERED, _FULL = 4, 8, 16, 32
_ROOM = {_LIST: range(3, 4), _SET: range(5, 11)}  # of the hash table that the library makes of it, as a power of 2
_LARGEST = 63  # of a register
_BEFORE = 40  # bytes before the registers
_HALF = 15  # what 4 bits hold at most
_SLOT_BITS = 26  # of a listed value; the others are its register's
_CHUNK = 1 << 14  # numbers that are hashed at once: what fits into the processor's cache
_EXPONENT_OF_THE_FIRST = 1023 + 52  # in a float64 of 53 bits, the first of which is 1


def of_labels(labels: Iterable[str]) -> bytes:
    """Return the sketch of distinct labels."""
    return _of_values(labels)


def of_numbers(numbers: NDArray[np.float64]) -> bytes:
    """Return the sketch of finite numbers, shape (n,), which may repeat."""
    distinct: NDArray[np.float64] = np.empty(0)
    for start in range(0, len(numbers), _CHUNK):
        distinct = np.union1d(distinct, numbers[start : start + _CHUNK])
        if len(distinct) > _FEW:
            return _of_registers(_registers(numbers))
    return _of_values(distinct.tolist())


def merge(images: Sequence[bytes]) -> bytes:
    """Return the sketch of all values of several sketches. Raises SketchError for bytes that are none."""
    datasketches = library()
    union = datasketches.hll_union(_LG)
    for image in images:
        check(image)
        union.update(loaded(datasketches.hll_sketch.deserialize, image))
    return _unordered(union.get_result(datasketches.HLL_8).serialize_compact())


def widened(image: bytes) -> bytes:
    """Return a sketch that keeps 4 bits a register, as whylogs does, with 8. Raises SketchError for bytes of neither.

    Of 4 bits a register holds what it has more than the smallest one; 15 stands for those that have more still, which
    are listed behind.
    """
    require(len(image) >= 8, "it is cut short")
    if image[7] == _REGISTER:
        return _of_registers(_registers_of_halves(image))
    if image[7] == _EIGHT_BITS << 2 | _REGISTER and len(image) == _BEFORE + _REGISTERS:
        return _of_registers(np.frombuffer(image, np.uint8, _REGISTERS, _BEFORE))
    return image[:7] + bytes([image[7] & 3 | _EIGHT_BITS << 2]) + image[8:]  # a list of values has no registers


def estimate(image: bytes) -> float:
    """Return the estimate. Raises SketchError for bytes that are no sketch."""
    check(image)
    return float(loaded(library().hll_sketch.deserialize, image).get_estimate())


def check(image: bytes) -> None:
    """Raise SketchError for bytes that are no sketch of ours."""
    require(len(image) >= 8, "it is cut short")
    ints, version, family, size, room, flags, count, mode = image[:8]
    require((version, family, size) == (_VERSION, _FAMILY, _LG), f"it is no HLL sketch of 2^{_LG} registers")
    require(_INTS.get(mode & 3) == ints and mode >> 2 == _EIGHT_BITS, "its kind is unknown")
    require(flags & _COMPACT > 0 and not flags & ~(_EMPTY | _COMPACT | _UNORDERED | _FULL), "its kind is unknown")
    require(mode & 3 == _REGISTER or room in _ROOM[mode & 3], "it has not the room that it says")
    if mode & 3 == _LIST:
        require(bool(flags & _EMPTY) == (count == 0) and count <= 8 and len(image) == 8 + 4 * count, "it is cut short")
        _check_values(image, 8)
    elif mode & 3 == _SET:
        require(len(image) >= 12, "it is cut short")
        (count,) = struct.unpack_from("<I", image, 8)
        require(count <= 2 * _FEW and len(image) == 12 + 4 * count, "it has not as many values as it says")
        _check_values(image, 12)
    else:
        _check_registers(image)


def _check_values(image: bytes, start: int) -> None:
    values = np.frombuffer(image, "<u4", -1, start) if len(image) > start else np.empty(0, "<u4")
    require(bool((values >> _SLOT_BITS > 0).all()) and len(np.unique(values)) == len(values), "a value of it cannot be")


def _check_registers(image: bytes) -> None:
    head = (image[4], image[5], image[6]) == (0, _COMPACT | _UNORDERED, 0)
    require(head and len(image) == _BEFORE + _REGISTERS, "it has not all of its registers, or an order")
    registers = np.frombuffer(image, np.uint8, _REGISTERS, _BEFORE)
    require(bool((registers <= _LARGEST).all()), "a register of it cannot be")
    require(image[8:_BEFORE] == _sums(registers), "its sums are not those of its registers")


def _registers_of_halves(image: bytes) -> NDArray[np.uint8]:
    listed = _BEFORE + _REGISTERS // 2
    require(tuple(image[:4]) == (_INTS[_REGISTER], _VERSION, _FAMILY, _LG), f"it is no HLL sketch of 2^{_LG} registers")
    require(len(image) >= listed and (len(image) - listed) % 4 == 0, "it has not all of its registers")
    halves = np.frombuffer(image, np.uint8, _REGISTERS // 2, _BEFORE)
    more = np.stack([halves & 15, halves >> 4], axis=1).ravel().astype(np.int64)
    values = np.frombuffer(image, "<u4", -1, listed) if len(image) > listed else np.empty(0, "<u4")
    slots = (values & (_REGISTERS - 1)).astype(np.int64)
    require(set(slots.tolist()) == set(np.flatnonzero(more == _HALF).tolist()), "its list is not of its registers")
    found = more + image[6]
    found[slots] = values >> _SLOT_BITS
    require(bool((found <= _LARGEST).all()), "a register of it cannot be")
    return found.astype(np.uint8)


def _of_values(values: Iterable[Any]) -> bytes:
    datasketches = library()
    made = datasketches.hll_sketch(_LG, datasketches.HLL_8)
    for value in values:
        made.update(value)
    return _unordered(made.serialize_compact())


def _unordered(image: bytes) -> bytes:
    """Drop the estimate that depends on the order of the values, which the library keeps beside the registers."""
    if image[7] & 3 != _REGISTER:
        return bytes(image)
    return _of_registers(np.frombuffer(image, np.uint8, _REGISTERS, _BEFORE))


def _of_registers(registers: NDArray[np.uint8]) -> bytes:
    head = bytes([_INTS[_REGISTER], _VERSION, _FAMILY, _LG, 0, _COMPACT | _UNORDERED, 0, _EIGHT_BITS << 2 | _REGISTER])
    return head + _sums(registers) + registers.tobytes()


def _sums(registers: NDArray[np.uint8]) -> bytes:
    """Return what stands between head and registers: no estimate, sums of 2^-register, how many are 0."""
    parts = np.ldexp(1.0, -registers.astype(np.int64))
    low = registers < 32
    return struct.pack("<dddII", 0.0, parts[low].sum(), parts[~low].sum(), int((registers == 0).sum()), 0)


def _registers(numbers: NDArray[np.float64]) -> NDArray[np.uint8]:
    found = np.zeros(_REGISTERS, dtype=np.uint8)
    for start in range(0, len(numbers), _CHUNK):
        first, second = hash_doubles(numbers[start : start + _CHUNK])
        lowest = int(found.min())
        if lowest:
            rare = second < np.uint64(1 << (64 - lowest))
            first, second = first[rare], second[rare]
        slots = (first & np.uint64(_REGISTERS - 1)).astype(np.int64)
        np.maximum.at(found, slots, np.minimum(leading_zeros(second), _LARGEST - 1).astype(np.uint8) + np.uint8(1))
    return found


def leading_zeros(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Count the zeros before the first one of 64 bits: a float64 holds 53 bits exactly; its exponent is the first's."""
    exponents = (words >> np.uint64(11)).astype(np.float64).view(np.int64) >> 52
    zeros = _EXPONENT_OF_THE_FIRST - exponents
    rest = words < np.uint64(1 << 11)
    if rest.any():
        zeros[rest] = 64 - np.frexp(words[rest].astype(np.float64))[1]
    return zeros
