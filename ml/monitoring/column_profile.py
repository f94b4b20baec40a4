"""What a profile knows of one column."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.column_summary import TypeName
from ml.monitoring.sketches.quantiles import Quantiles
from schemas.column_types import ScalarType


class Numbers:
    """The distribution of a column's finite numbers, at least one, read from a KLL sketch.

    `deviation` is their standard deviation; None where it is not known or too large for a float.

    Source:
        Z. Karnin, K. Lang and E. Liberty, Optimal quantile approximation in streams, FOCS 2016.
    """

    def __init__(self, kept: Quantiles, deviation: float | None = None) -> None:
        self.deviation = deviation
        self.n = kept.n
        self.minimum = kept.minimum
        self.maximum = kept.maximum
        self.error = kept.error
        self._values = kept.values
        self._ranks = np.concatenate([[0], np.cumsum(kept.weights)])  # how many numbers lie below each kept one

    def share_below(self, points: NDArray[np.float64], *, inclusive: bool = True) -> NDArray[np.float64]:
        """Return the share of values at most (or below) each point, shape (n,)."""
        places = np.searchsorted(self._values, points, side="right" if inclusive else "left")
        return np.asarray(self._ranks[places] / self.n, dtype=np.float64)

    def quantiles(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values at these shares, each between 0 and 1; those of 0 and 1 are exact."""
        ranks = np.floor(shares * self.n)
        places = np.searchsorted(self._ranks[1:], ranks, side="right")
        found = self._values[np.minimum(places, len(self._values) - 1)]
        return np.where(shares <= 0, self.minimum, np.where(shares >= 1, self.maximum, found))


@dataclass(frozen=True)
class ColumnProfile:
    """Counts, labels and numbers of one column.

    `numbers` is None where it has none. `counts` are exact up to 768 distinct labels; beyond, the most frequent ones
    with a lower bound each. `distinct` is an estimate, `once` how many labels occurred exactly once, exact up to 4,095
    distinct ones.
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
