"""The drift tests, in the order in which they are run and shown; a new one is a file and a line here."""

from collections.abc import Iterator

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.interface import DriftTest, DriftTestResult
from ml.monitoring.hypothesis_tests.kolmogorov_smirnov import KolmogorovSmirnov
from ml.monitoring.hypothesis_tests.missing_share import MissingShare
from ml.monitoring.hypothesis_tests.out_of_range_share import OutOfRangeShare
from ml.monitoring.hypothesis_tests.total_variation import TotalVariation
from ml.monitoring.hypothesis_tests.unseen_share import UnseenShare
from schemas.run import MonitorSpec

DRIFT_TESTS: tuple[DriftTest, ...] = (
    MissingShare(),
    KolmogorovSmirnov(),
    TotalVariation(),
    UnseenShare(),
    OutOfRangeShare(),
)


def run_all(
    reference: ColumnProfile,
    window: ColumnProfile,
    expected: Expected,
    spec: MonitorSpec,
    tests: tuple[DriftTest, ...] = DRIFT_TESTS,
) -> Iterator[DriftTestResult]:
    """Run each test that is for a column of this type and size, in order."""
    for test in tests:
        if window.kind in test.kinds and window.present >= test.fewest_values:
            result = test.run(reference, window, expected, spec)
            if result is not None:
                yield result
