"""Whether more values lie outside the range of training than are tolerated."""

from typing import ClassVar

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import Detectable, DriftTest, DriftTestResult
from ml.monitoring.power import detectable_share
from ml.monitoring.shares import out_of_range_share
from ml.monitoring.statistics import excess_p_value
from schemas.column_types import ScalarType
from schemas.numbers import percent
from schemas.run import MonitorSpec

_YEAR = 366.0
_WHERE: dict[ScalarType, str] = {
    "number": "outside the range of training",
    "date": "before the dates of training or far beyond them",
}
_WHAT_TO_DO: dict[ScalarType, str] = {
    "number": "the model has no example of any of them; compare the column's unit and source with those of training, "
    "and train on rows like these if they are right",
    "date": "the model has no example of any of them; compare the column's format and century with those of training, "
    "and train on newer rows if they are right",
}


class OutOfRangeShare(DriftTest):
    """The share of numbers or dates outside training's range, which is a tolerance interval for any distribution.

    Source:
        S. S. Wilks, Determination of sample sizes for setting tolerance limits, Ann. Math. Stat. 12 (1941), pages
        91-96.
    """

    statistic: ClassVar[str] = "out_of_range_share"
    kinds: ClassVar[frozenset[ScalarType]] = frozenset({"number", "date"})
    may_be_shown: ClassVar[bool] = False
    judges_distribution: ClassVar[bool] = False

    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> DriftTestResult | None:
        """Count the values outside; None where no range is known."""
        limits = expected.limits(reference)
        value, p_value = out_of_range_share(window, _later(limits) if window.kind == "date" else limits), 1.0
        if value is None:
            return None
        if value > spec.out_of_range:
            p_value = excess_p_value(round(value * window.present), window.present, 2, max(1, reference.present - 1))
        return DriftTestResult(self, value, spec.out_of_range, p_value, _reason(value, window.kind))

    def detectable(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec, level: float
    ) -> Detectable | None:
        """Return the smallest share of values outside that would be too many; None where no range is known."""
        if expected.limits(reference) is None:
            return None
        share = detectable_share(window.present, spec.out_of_range, level, 2, max(1, reference.present - 1))
        return None if share is None else Detectable(share, f"{percent(share)} of the values {_WHERE[window.kind]}")


def _reason(value: float, kind: ScalarType) -> str:
    why = f"{percent(value, 0)} of the values lie {_WHERE[kind]}"
    return f"{why} ({_WHAT_TO_DO[kind]})" if value == 1 else why


def _later(limits: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return the dates that a later window may hold: as long after training as training lasted, and at least a year."""
    if limits is None:
        return None
    low, high = limits
    return low, high + max(high - low, _YEAR)
