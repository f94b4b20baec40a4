"""Numbers of few bits as the decimal numbers that they stand for: the float32 next to 0.1 is 0.1, not 0.10000000149."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def shortest(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Return float16 or float32 as the float64 that prints alike, (n,): what a text file of them would hold."""
    if numbers.dtype == np.float16:
        distinct, codes = np.unique(numbers, return_inverse=True)
        return distinct.astype(str).astype(np.float64)[codes]
    return np.asarray(pa.array(numbers.astype(np.float32)).cast(pa.string()).cast(pa.float64()))
