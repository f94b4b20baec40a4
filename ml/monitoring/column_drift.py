"""One column of a window against that of the reference: what is certain, and what only statistics show."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.column_summary import READS, TypeName
from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.catalog import run_all
from ml.monitoring.hypothesis_tests.interface import FEWEST_VALUES, DriftTestResult
from ml.monitoring.shares import out_of_range_share, unseen
from schemas.monitoring import Verdict
from schemas.numbers import percent
from schemas.run import MonitorSpec

_NUMERIC: frozenset[TypeName] = frozenset({"integral", "fractional"})
_DATES = "a window lies after training by nature, so only dates before training or far beyond it would be drift"


@dataclass(frozen=True)
class AssessedColumn:
    """`decided` is a verdict that no statistic can change; `otherwise` the verdict when no test alarms."""

    column: str
    reference: ColumnProfile | None
    window: ColumnProfile | None
    expected: Expected
    why: str
    decided: Verdict | None = None
    otherwise: Verdict = "ok"
    results: Sequence[DriftTestResult] = ()


def assess_column(
    name: str,
    reference: ColumnProfile | None,
    window: ColumnProfile | None,
    expected: Expected,
    rows: int,
    spec: MonitorSpec,
) -> AssessedColumn:
    """Decide what is certain of a column, else run the tests. `rows` counts the rows of the whole window."""
    decided = _decided(reference, window, expected, rows, spec)
    if decided is not None:
        return AssessedColumn(name, reference, window, expected, decided=decided[0], why=decided[1])
    assert reference is not None and window is not None
    results = tuple(run_all(reference, window, expected, spec))
    otherwise, why = _unless_alarmed(reference, window, expected, results, rows)
    return AssessedColumn(name, reference, window, expected, results=results, otherwise=otherwise, why=why)


def _unless_alarmed(
    reference: ColumnProfile,
    window: ColumnProfile,
    expected: Expected,
    results: Sequence[DriftTestResult],
    rows: int,
) -> tuple[Verdict, str]:
    if window.kind == "date" and window.present >= FEWEST_VALUES:
        outside = out_of_range_share(window, expected.limits(reference))
        later = f"{percent(outside, 0)} of the dates lie outside the range of training: " if outside else ""
        return "ok", f"{later}{_DATES}"
    if any(result.test.judges_distribution for result in results):
        return "ok", "no change found"
    return "no_verdict", f"only {window.present} of {rows} rows have a usable value: too few to compare"


def _decided(
    reference: ColumnProfile | None, window: ColumnProfile | None, expected: Expected, rows: int, spec: MonitorSpec
) -> tuple[Verdict, str] | None:
    if rows == 0:
        return "no_verdict", "the window has no rows"
    if window is None and expected.nullable and rows < spec.min_rows:
        return "no_verdict", f"none of the {rows} rows has this column, and a verdict needs {spec.min_rows} rows"
    if window is None:
        return "schema_alarm", f"none of the {rows} rows has this column"
    wrong = {name: times for name, times in window.types.items() if times and name not in READS[window.kind]}
    if wrong:
        return "schema_alarm", f"{sum(wrong.values())} of {rows} values are no {window.kind} but {', '.join(wrong)}"
    if reference is not None and _type_changed(reference, window, expected):
        return "schema_alarm", f"the values were {_types(reference)} in training and are {_types(window)} now"
    if rows < spec.min_rows:
        return "no_verdict", f"only {rows} rows, fewer than the {spec.min_rows} that a verdict needs"
    had_values = reference is not None and reference.present > 0
    if window.present == 0:
        return (
            ("schema_alarm", "no row has a value; training had some")
            if had_values
            else ("no_verdict", "no values at all")
        )
    return None if had_values else ("no_verdict", "training had no values to compare with")


def _type_changed(reference: ColumnProfile, window: ColumnProfile, expected: Expected) -> bool:
    """Whether some labels are certainly both of a type that training never had and unknown; 3 for "3" is no change."""
    if window.kind not in ("category", "identifier") or expected.known is None:
        return False
    allowed = {name for name, times in reference.types.items() if times}
    allowed |= _NUMERIC if allowed & _NUMERIC else set()
    foreign = sum(times for name, times in window.types.items() if name not in allowed)
    return bool(allowed) and foreign + unseen(window, expected.known) > window.present


def _types(column: ColumnProfile) -> str:
    return " and ".join(name for name, times in column.types.items() if times)
