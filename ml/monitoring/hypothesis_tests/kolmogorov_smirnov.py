"""Whether the distribution of numbers has moved."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.column_profile import ColumnProfile, Numbers
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import DriftTest, DriftTestResult
from ml.monitoring.statistics import kolmogorov_p_value
from schemas.data import ColumnType
from schemas.run import MonitorSpec

_GRID = 2049


class KolmogorovSmirnov(DriftTest):
    """The two-sample Kolmogorov-Smirnov test on sketches; their rank errors are taken off the distance it tests.

    Dates are not tested: time moves on by itself, and that a window is later than training says little of the inputs.

    Source:
        N. V. Smirnov, Table for estimating the goodness of fit of empirical distributions, Ann. Math. Stat. 19 (1948),
        pages 279-281.
    """

    statistic: ClassVar[str] = "kolmogorov_smirnov"
    kinds: ClassVar[frozenset[ColumnType]] = frozenset({"number"})

    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> DriftTestResult | None:
        """Compare the numbers; None where one side has no finite ones."""
        before, now = reference.numbers, window.numbers
        if before is None or now is None:
            return None
        value = kolmogorov_distance(before, now)
        p_value = kolmogorov_p_value(max(0.0, value - before.error - now.error), before.n, now.n)
        why = f"the distribution moved by {value:.2f}, Kolmogorov-Smirnov distance"
        return DriftTestResult(self, value, spec.threshold, p_value, why)


def kolmogorov_distance(reference: Numbers, window: Numbers) -> float:
    """Return the largest difference of the distribution functions, 0 to 1; exact while the sketches hold all values."""
    shares = np.linspace(0.0, 1.0, _GRID)
    points: NDArray[np.float64] = np.unique(np.concatenate([side.quantiles(shares) for side in (reference, window)]))
    return max(
        float(np.abs(reference.share_below(points, inclusive=side) - window.share_below(points, inclusive=side)).max())
        for side in (True, False)
    )
