"""Whether the share of missing values has jumped, either way."""

from typing import ClassVar, get_args

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import DriftTest, DriftTestResult
from ml.monitoring.statistics import excess_p_value
from schemas.data import ColumnType
from schemas.numbers import percent
from schemas.run import MonitorSpec


class MissingShare(DriftTest):
    """The difference of the shares of missing values; improbable by the rate's posterior after the reference rows.

    Source:
        A. Gelman et al., Bayesian Data Analysis, 3rd edition, CRC 2013, chapter 6: posterior predictive checks.
    """

    statistic: ClassVar[str] = "missing_share"
    kinds: ClassVar[frozenset[ColumnType]] = frozenset(get_args(ColumnType))
    fewest_values: ClassVar[int] = 0
    may_be_shown: ClassVar[bool] = False
    judges_distribution: ClassVar[bool] = False

    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> DriftTestResult:
        """Compare the shares; both profiles have rows."""
        now, before = window.missing / window.rows, reference.missing / reference.rows
        value, p_value = abs(now - before), 1.0
        if value > spec.threshold:
            count, hits = (window.missing, reference.missing) if now > before else (window.present, reference.present)
            p_value = min(1.0, 2 * excess_p_value(count, window.rows, hits + 1, reference.rows - hits + 1))
        why = f"{percent(now, 0)} of the values are missing, {percent(before, 0)} were in training"
        return DriftTestResult(self, value, spec.threshold, p_value, why)
