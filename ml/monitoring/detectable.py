"""What a window rules out: the smallest change of each column that it would have shown, in figures and in words."""

from collections.abc import Iterator, Sequence

from ml.monitoring.column_drift import AssessedColumn
from ml.monitoring.hypothesis_tests.interface import DriftTest
from ml.monitoring.hypothesis_tests.kolmogorov_smirnov import KolmogorovSmirnov
from ml.monitoring.hypothesis_tests.missing_share import MissingShare
from ml.monitoring.hypothesis_tests.total_variation import TotalVariation
from ml.values.display import readable
from ml.values.label_text import printable
from schemas.monitoring import DetectableChange
from schemas.run import MonitorSpec

_ORDER = (KolmogorovSmirnov.statistic, TotalVariation.statistic, MissingShare.statistic)
_WINDOWS = "about four of five such windows would show"


def detectable(column: AssessedColumn, tests: int, spec: MonitorSpec) -> list[DetectableChange]:
    """Return the smallest change that each test of a column would have found.

    A p-value below the significance divided by the number of tests alarms under Holm's correction, whatever the other
    p-values are.

    Args:
        column: With the results of its tests.
        tests: How many hypothesis tests the whole window has.
        spec: The tolerances and the significance.
    """
    found = [change for result in column.results for change in _change(column, result.test, spec, tests)]
    return sorted(
        found, key=lambda change: _ORDER.index(change.statistic) if change.statistic in _ORDER else len(_ORDER)
    )


def in_words(changes: Sequence[DetectableChange]) -> str:
    """Return what would have been found of one column; an empty string where that is not known."""
    return f"{_WINDOWS} {', '.join(change.why for change in changes)}" if changes else ""


def largest(changes: Sequence[DetectableChange]) -> Iterator[str]:
    """Yield sentences that name, of each kind of change, the one that must be the largest to be found."""
    worst = [
        max(of_kind, key=lambda change: (change.deviations or 0.0, change.value))
        for statistic in _ORDER
        if (of_kind := [change for change in changes if change.statistic == statistic])
    ]
    if worst:
        named = "; ".join(f"{change.why} in {readable(change.column)!r}" for change in worst)
        yield f"{_WINDOWS[0].upper()}{_WINDOWS[1:]} {named}. Smaller changes may be there."


def _change(column: AssessedColumn, test: DriftTest, spec: MonitorSpec, tests: int) -> Iterator[DetectableChange]:
    assert column.reference is not None and column.window is not None, "tests were run on them"
    found = test.detectable(column.reference, column.window, column.expected, spec, spec.significance / tests)
    if found is not None:
        yield DetectableChange(
            column=printable(column.column),
            statistic=test.statistic,
            value=found.value,
            shift=found.shift,
            deviations=found.deviations,
            why=found.why,
        )
