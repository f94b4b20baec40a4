"""One column of a window against that of the reference: what is certain, and what only statistics show."""

from dataclasses import dataclass, field

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.column_summary import READS, TypeName
from ml.monitoring.hypothesis_tests import (
    Check,
    Expected,
    ask_distance,
    ask_missing,
    ask_range,
    ask_unseen,
    in_time,
    unseen,
)
from schemas.monitoring import Verdict
from schemas.run import MonitorSpec

FEWEST_VALUES = 10
"""A column with fewer present values in the window is not judged by its distribution."""
_NUMERIC: frozenset[TypeName] = frozenset({"integral", "fractional"})


@dataclass(frozen=True)
class TestedColumn:
    """`decided` is a verdict that no statistic can change; `otherwise` the verdict when no check alarms."""

    column: str
    reference: ColumnProfile | None
    window: ColumnProfile | None
    expected: Expected
    why: str
    decided: Verdict | None = None
    otherwise: Verdict = "ok"
    checks: list[Check] = field(default_factory=list)


_DATES = "dates move on by themselves; these are neither before training nor far beyond it"


def test_column(
    name: str,
    reference: ColumnProfile | None,
    window: ColumnProfile | None,
    expected: Expected,
    rows: int,
    spec: MonitorSpec,
) -> TestedColumn:
    """Decide what is certain of a column, else run the tests that apply. `rows` counts the whole window's rows."""
    decided = _decided(reference, window, expected, rows, spec)
    if decided is not None:
        return TestedColumn(name, reference, window, expected, decided=decided[0], why=decided[1])
    assert reference is not None and window is not None
    checks = [ask_missing(reference, window, spec)]
    enough = window.present >= FEWEST_VALUES
    if enough and window.kind == "date":
        # Time moves on by itself: that a window is later than training means little of the model's inputs.
        checks += ask_range(reference, window, in_time(reference, expected), spec)
        return TestedColumn(name, reference, window, expected, checks=checks, otherwise="ok", why=_DATES)
    if enough:
        checks += [*ask_distance(reference, window, spec), *ask_unseen(reference, window, expected, spec)]
        checks += ask_range(reference, window, expected, spec)
    judged = any(check.name in ("distance", "unseen") for check in checks)
    few = f"only {window.present} of {rows} rows have a usable value: too few to compare"
    return TestedColumn(
        name,
        reference,
        window,
        expected,
        checks=checks,
        otherwise="ok" if judged else "no_verdict",
        why="distributed as in training" if judged else few,
    )


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
