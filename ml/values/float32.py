"""Numbers of few bits as the decimal numbers that they stand for: the float32 next to 0.1 is 0.1, not 0.10000000149.

Light: the service imports it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIGITS = range(3, 11)  # fewer are found among these, and no float32 needs more than 9
_LEAST, _MOST = 1e-12, 1e21  # between them the powers of ten that are needed are exact
Floats = NDArray[np.float64]


def shortest(numbers: NDArray[Any]) -> Floats:
    """Return float16 or float32 as the float64 that prints alike, (n,): what a text file of them would hold.

    It is the number of fewest decimal digits that rounds to the one given; of several the nearest.
    """
    found = numbers.astype(np.float64)
    size = np.abs(found)
    is_open = (size >= max(_LEAST, float(np.finfo(numbers.dtype).tiny))) & (size <= _MOST)
    others = ~is_open & np.isfinite(found) & (size > 0)
    if others.any():
        found[others] = numbers[others].astype(str).astype(np.float64)
    wide = np.where(is_open, found, 1.0)
    magnitude = np.floor(np.log10(np.abs(wide)))
    for digits in _DIGITS:
        if not is_open.any():
            break
        rounded = _rounded(wide, digits - 1 - magnitude)
        good = is_open & (rounded.astype(numbers.dtype) == numbers)
        found[good] = rounded[good]
        is_open &= ~good
    return found


def _rounded(numbers: Floats, power: Floats) -> Floats:
    """Return numbers rounded to so many places behind the point, before it where negative."""
    scale = 10.0 ** np.abs(power)
    return np.where(power >= 0, np.rint(numbers * scale) / scale, np.rint(numbers / scale) * scale)
