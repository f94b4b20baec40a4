"""What a drift test must offer; what most have in common is a default."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from schemas.column_types import ScalarType
from schemas.run import MonitorSpec

FEWEST_VALUES = 10
"""A column with fewer present values in the window is not judged by its distribution."""


class DriftTest(ABC):
    """One hypothesis test: that nothing about a column has changed but by chance.

    `statistic` names it in reports; `kinds` are the types of column that it is for, and `fewest_values` how many
    present values of the window it needs. The first test with `may_be_shown` gives the statistic that a report shows of
    a column. A column that no test with `judges_distribution` was run on, and none alarmed for, has no verdict.
    """

    statistic: ClassVar[str]
    kinds: ClassVar[frozenset[ScalarType]]
    fewest_values: ClassVar[int] = FEWEST_VALUES
    may_be_shown: ClassVar[bool] = True
    judges_distribution: ClassVar[bool] = True

    @abstractmethod
    def run(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec
    ) -> "DriftTestResult | None":
        """Test a column of one of `kinds`; None where it has not what the test needs.

        Args:
            reference: The column in training, with at least one present value.
            window: The column in the window, with at least `fewest_values` present values and at least one.
            expected: The labels, range and gaps that training allows.
            spec: The tolerances.
        """

    def detectable(
        self, reference: ColumnProfile, window: ColumnProfile, expected: Expected, spec: MonitorSpec, level: float
    ) -> "Detectable | None":
        """Return the smallest change that the test finds in most windows like this one; None where that is not known.

        Args:
            reference: As of `run`.
            window: As of `run`; only its size counts, and which categories are common enough to be compared.
            expected: As of `run`.
            spec: The tolerances.
            level: The p-value below which the test alarms whatever the other tests of the window give.
        """
        return None


@dataclass(frozen=True)
class Detectable:
    """A change that is found in a share `ml.monitoring.power.POWER` of windows: `value` as the statistic has it.

    `shift` is the same in the column's unit and `deviations` in standard deviations of training, where it has them.
    `why` is what a person calls the change.
    """

    value: float
    why: str
    shift: float | None = None
    deviations: float | None = None


@dataclass(frozen=True)
class DriftTestResult:
    """A column drifts when `value` is above `tolerance` and `p_value`, corrected for all tests, is improbable.

    `why` tells a person the value.
    """

    test: DriftTest
    value: float
    tolerance: float
    p_value: float
    why: str
