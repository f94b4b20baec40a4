"""Whether the share of missing values has jumped, either way."""

from typing import ClassVar, get_args

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import Detectable, DriftTest, DriftTestResult
from ml.monitoring.power import detectable_share
from ml.monitoring.statistics import excess_p_value
from schemas.column_types import ScalarType
from schemas.numbers import percent
from schemas.run import MonitorSpec


class MissingShare(DriftTest):
    """The difference of the shares of missing values; improbable by the rate's posterior after the reference rows.

    A question of its own: values that go missing say nothing of how those that are left are distributed.

    Source:
        A. Gelman et al., Bayesian Data Analysis, 3rd edition, CRC 2013, chapter 6: posterior predictive checks.
    """

    statistic: ClassVar[str] = "missing_share"
    kinds: ClassVar[frozenset[ScalarType]] = frozenset(get_args(ScalarType))
    fewest_values: ClassVar[int] = 0
    may_be_shown: ClassVar[bool] = False
    judges_distribution: ClassVar[bool] = False

    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> DriftTestResult:
        """Compare the shares; both profiles have rows."""
        now, before = window.missing / window.rows, reference.missing / reference.rows
        value, p_value = abs(now - before), 1.0
        if value > spec.missing:
            count, hits = (window.missing, reference.missing) if now > before else (window.present, reference.present)
            p_value = min(1.0, 2 * excess_p_value(count, window.rows, hits + 1, reference.rows - hits + 1))
        return DriftTestResult(self, value, spec.missing, p_value, f"{_missing(now)}, {_before(before, value)}")

    def detectable(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec, level: float
    ) -> Detectable | None:
        """Return the smallest share of missing values that would be too many; half of `level` is for too few."""
        before, gaps = reference.missing / reference.rows, reference.missing
        tolerated = before + spec.missing
        share = detectable_share(window.rows, tolerated, level / 2, gaps + 1, reference.rows - gaps + 1)
        if share is None:
            return None
        known = f" ({percent(before, 0)} in training)" if gaps else ""
        return Detectable(share, f"missing values in {percent(share)} of the rows{known}")


def _missing(share: float) -> str:
    return f"{percent(share, 0)} of the values are missing" if share else "no value is missing"


def _before(share: float, difference: float) -> str:
    if share == 0 and difference:
        return "none was in training"
    return f"{percent(share, 0)} were in training"
