"""Whether more values are new than sampling explains."""

from typing import ClassVar

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import Detectable, DriftTest, DriftTestResult
from ml.monitoring.power import detectable_share
from ml.monitoring.shares import unseen
from ml.monitoring.statistics import excess_p_value
from schemas.column_types import ScalarType
from schemas.numbers import percent
from schemas.run import MonitorSpec


class UnseenShare(DriftTest):
    """The share of values that training never had.

    The chance that the next value was never seen is about the share of values seen exactly once.

    Source:
        I. J. Good, The population frequencies of species and the estimation of population parameters, Biometrika 40
        (1953).
    """

    statistic: ClassVar[str] = "unseen_share"
    kinds: ClassVar[frozenset[ScalarType]] = frozenset({"category", "identifier"})

    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> DriftTestResult | None:
        """Count the new values; None where any value is valid."""
        if expected.known is None:
            return None
        count = unseen(window, expected.known)
        value, p_value = count / window.present, 1.0
        if value > spec.unseen:
            p_value = excess_p_value(count, window.present, reference.once + 1, reference.present - reference.once + 1)
        why = f"{percent(value, 0)} of the values never occurred in training"
        return DriftTestResult(self, value, spec.unseen, p_value, why)

    def detectable(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec, level: float
    ) -> Detectable | None:
        """Return the smallest share of new values that would be too many; None where any value is valid."""
        if expected.known is None:
            return None
        hits, misses = reference.once + 1, reference.present - reference.once + 1
        share = detectable_share(window.present, spec.unseen, level, hits, misses)
        return None if share is None else Detectable(share, f"{percent(share)} of the values never seen")
