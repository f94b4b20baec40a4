"""MurmurHash3 of many float64 at once, as DataSketches hashes one.

Source:
    A. Appleby, MurmurHash3_x64_128, 2011, public domain.
"""

import numpy as np
from numpy.typing import NDArray

_SEED = 9001
_LENGTH = 8
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_START = np.uint64(_SEED ^ _LENGTH)
Words = NDArray[np.uint64]


def hash_doubles(numbers: NDArray[np.float64]) -> tuple[Words, Words]:
    """Return both 64-bit halves of the hash of each number, shape (n,) each; 0.0 and -0.0 are the same value."""
    words = (np.asarray(numbers, dtype=np.float64) + 0.0).view(np.uint64)
    words = words * _C1
    words = (words << np.uint64(31)) | (words >> np.uint64(33))
    first = (words * _C2) ^ np.uint64(_SEED) ^ np.uint64(_LENGTH)
    first += _START
    second = first + _START
    first, second = _mixed(first), _mixed(second)
    first += second
    return first, second + first


def _mixed(words: Words) -> Words:
    words = words ^ (words >> np.uint64(33))
    words *= _F1
    words ^= words >> np.uint64(33)
    words *= _F2
    words ^= words >> np.uint64(33)
    return words
