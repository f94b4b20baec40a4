"""What a profile knows of one column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.column_summary import TypeName
from schemas.column_types import ScalarType


class Numbers:
    """The distribution of a column's finite numbers, at least one, read from a KLL sketch.

    `deviation` is their standard deviation; None where it is not known or too large for a float.

    Source:
        Z. Karnin, K. Lang and E. Liberty, Optimal quantile approximation in streams, FOCS 2016.
    """

    def __init__(self, sketch: Any, deviation: float | None = None) -> None:
        self._sketch = sketch
        self.deviation = deviation
        self.n = int(sketch.get_n())
        self.minimum = float(sketch.get_min_value())
        self.maximum = float(sketch.get_max_value())
        self.error = float(sketch.normalized_rank_error(False)) if sketch.is_estimation_mode() else 0.0

    def share_below(self, points: NDArray[np.float64], *, inclusive: bool = True) -> NDArray[np.float64]:
        """Return the share of values at most (or below) each point; points finite, ascending, distinct, shape (n,)."""
        return np.array(self._sketch.get_cdf(points.tolist(), inclusive)[:-1], dtype=np.float64)

    def quantiles(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values at these shares, each between 0 and 1."""
        return np.array(self._sketch.get_quantiles(shares.tolist()), dtype=np.float64)


@dataclass(frozen=True)
class ColumnProfile:
    """Counts, labels and numbers of one column.

    `numbers` is None where it has none. `counts` are exact up to 768 distinct labels; beyond, the most frequent ones
    with a lower bound each. `distinct` is an estimate, `once` how many labels occurred exactly once.
    """

    kind: ScalarType
    rows: int
    missing: int
    infinite: int
    types: Mapping[TypeName, int]
    numbers: Numbers | None
    counts: Mapping[str, int]
    distinct: float
    once: int

    @property
    def present(self) -> int:
        """How many values are not missing."""
        return self.rows - self.missing
