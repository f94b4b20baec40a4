"""Whether the distribution of numbers has moved."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.column_profile import ColumnProfile, Numbers
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import Detectable, DriftTest, DriftTestResult
from ml.monitoring.power import detectable_distance, kolmogorov_alarm
from ml.monitoring.statistics import kolmogorov_p_value
from schemas.column_types import ScalarType
from schemas.numbers import percent, shown
from schemas.run import MonitorSpec

_GRID = 2049
_PLACES = 11
"""So many intervals are compared: among more of them, the shortest would be short by the chance of the sample."""


class KolmogorovSmirnov(DriftTest):
    """The two-sample Kolmogorov-Smirnov test on sketches; their rank errors are taken off the distance it tests.

    Dates are not tested: time moves on by itself, and that a window is later than training says little of the inputs.

    Source:
        N. V. Smirnov, Table for estimating the goodness of fit of empirical distributions, Ann. Math. Stat. 19 (1948),
        pages 279-281.
    """

    statistic: ClassVar[str] = "kolmogorov_smirnov"
    kinds: ClassVar[frozenset[ScalarType]] = frozenset({"number"})

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

    def detectable(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec, level: float
    ) -> Detectable | None:
        """Return the smallest distance that is found, and the smallest shift of all values that is so large a one."""
        before, now = reference.numbers, window.numbers
        if before is None or now is None:
            return None
        alarm = max(spec.threshold, kolmogorov_alarm(level, before.n, now.n) + before.error + now.error)
        distance = detectable_distance(alarm, before.n, now.n)
        if distance is None:
            return None
        shift = smallest_shift(before, distance)
        if shift is None:
            return Detectable(distance, f"other values in {percent(distance)} of the rows that have one")
        deviations = shift / before.deviation if before.deviation else None
        unit = f"{deviations:.2g} standard deviations ({shown(shift)})" if deviations else shown(shift)
        return Detectable(distance, f"a shift by {unit}", shift, deviations)


def smallest_shift(numbers: Numbers, distance: float) -> float | None:
    """Return the smallest shift of all values by which the distribution function moves by `distance`.

    That is the length of the shortest interval that holds this share of the values (P. Lévy's concentration function,
    inverted). None where one value alone has that share, so that no shift is the smallest, or where floats end.
    """
    starts = np.linspace(0.0, 1.0 - distance, _PLACES)
    with np.errstate(over="ignore"):
        lengths = numbers.quantiles(np.minimum(starts + distance, 1.0)) - numbers.quantiles(starts)
    shortest = float(lengths.min())
    return shortest if 0 < shortest < np.inf else None


def kolmogorov_distance(reference: Numbers, window: Numbers) -> float:
    """Return the largest difference of the distribution functions, 0 to 1; exact while the sketches hold all values."""
    shares = np.linspace(0.0, 1.0, _GRID)
    points: NDArray[np.float64] = np.unique(np.concatenate([side.quantiles(shares) for side in (reference, window)]))
    return max(
        float(np.abs(reference.share_below(points, inclusive=side) - window.share_below(points, inclusive=side)).max())
        for side in (True, False)
    )
