"""Whether the shares of categories have moved."""

from collections.abc import Mapping
from typing import ClassVar

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import Detectable, DriftTest, DriftTestResult
from ml.monitoring.power import detectable_distance, detectable_variation
from ml.monitoring.statistics import contingency, homogeneity_p_value, total_variation
from schemas.column_types import ScalarType
from schemas.numbers import percent
from schemas.run import MonitorSpec


class TotalVariation(DriftTest):
    """The total variation distance of the shares; improbable by the chi-square test of homogeneity.

    The distance alone would depend on the number of rows and categories, the test alone alarms at any difference once
    the rows are many.

    Source:
        A. L. Gibbs and F. E. Su, On choosing and bounding probability metrics, Int. Stat. Review 70 (2002), pages
        419-435; W. G. Cochran, Some methods for strengthening the common chi-square tests, Biometrics 10 (1954), pages
        417-451.
    """

    statistic: ClassVar[str] = "total_variation"
    kinds: ClassVar[frozenset[ScalarType]] = frozenset({"category", "boolean"})

    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> DriftTestResult | None:
        """Compare the counts; None where one side has none, or all categories are too rare to be compared."""
        if not reference.counts or not window.counts:
            return None
        before, now = _aligned(reference, window)
        if len(before.keys() | now.keys()) > 1 and contingency(before, now).shape[1] == 1:
            return None  # no change of these could alarm, so none is ruled out
        value = total_variation(before, now)
        why = f"the distribution moved by {value:.2f}, total variation distance"
        return DriftTestResult(self, value, spec.threshold, homogeneity_p_value(before, now), why)

    def detectable(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec, level: float
    ) -> Detectable | None:
        """Return the smallest share of values that changed their category, among those common enough to be compared.

        The distance must be above the tolerance and the chi-square test improbable: the harder of the two decides.
        """
        if not reference.counts or not window.counts:
            return None
        before, now = _aligned(reference, window)
        sizes = sum(before.values()), sum(now.values())
        constant = len(before.keys() | now.keys()) == 1
        groups = 2 if constant else contingency(before, now).shape[1]  # a change brings a second one
        bounds = detectable_distance(spec.threshold, *sizes), detectable_variation(level, groups, *sizes)
        if None in bounds:
            return None
        share = max(bound for bound in bounds if bound is not None)
        return Detectable(share, f"{percent(share)} of the values in another category")


def _aligned(reference: ColumnProfile, window: ColumnProfile) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return both counts; where a sketch does not hold every label, those that the reference lacks count together."""
    if all(sum(side.counts.values()) == side.present for side in (reference, window)):
        return reference.counts, window.counts
    return _with_rest(reference, reference.counts), _with_rest(window, reference.counts)


def _with_rest(side: ColumnProfile, names: Mapping[str, int]) -> Mapping[str, int]:
    kept = {name: times for name, times in side.counts.items() if name in names}
    return {**kept, "\0rest": side.present - sum(kept.values())}
