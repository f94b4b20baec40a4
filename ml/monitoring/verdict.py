"""From the hypothesis tests of every column to a verdict with its reason."""

import math
from collections.abc import Sequence

from ml.monitoring.column_drift import AssessedColumn
from ml.monitoring.detectable import in_words, largest
from ml.monitoring.shares import missing_share, out_of_range_share, unseen_share
from ml.reports.formats import count
from ml.values.label_text import printable
from schemas.monitoring import SEVERITY, ColumnDrift, DetectableChange, Verdict
from schemas.run import MonitorSpec

_NAMED = 3
_LONGEST_NAME = 60


def conclude(
    column: AssessedColumn, adjusted: Sequence[float], changes: Sequence[DetectableChange], spec: MonitorSpec
) -> ColumnDrift:
    """Return a column's verdict.

    Args:
        column: With the results of its tests.
        adjusted: The p-values of these results, corrected for all tests of the window.
        changes: What its tests would have found.
        spec: The significance.
    """
    verdict, why = _verdict(column, adjusted, spec)
    if verdict == "ok" and (ruled_out := in_words(changes)):
        why = f"{why}; {ruled_out}"
    pairs = zip(column.results, adjusted, strict=True)
    result, chance = next((pair for pair in pairs if pair[0].test.may_be_shown), (None, None))
    now, before = column.window, column.reference
    return ColumnDrift(
        column=printable(column.column),
        kind=now.kind if now is not None else before.kind if before is not None else None,
        verdict=verdict,
        statistic=result.test.statistic if result else None,
        value=_finite(result.value) if result else None,
        p_value=_finite(result.p_value) if result else None,
        adjusted_p_value=_finite(chance),
        threshold=result.tolerance if result else None,
        missing_share=missing_share(now),
        reference_missing_share=missing_share(before),
        unseen_share=unseen_share(now, column.expected) if now is not None else None,
        out_of_range_share=_finite(out_of_range_share(now, column.expected.limits(before))) if now and before else None,
        why=why,
    )


def overall(
    columns: Sequence[ColumnDrift],
    predictions: ColumnDrift,
    changes: Sequence[DetectableChange],
    rows: int,
    spec: MonitorSpec,
) -> tuple[Verdict, str]:
    """Return the window's verdict, the most severe of all, and the reason that names the worst columns.

    Of `ok` it is what was ruled out: `changes` are those of the columns that would have been found.
    """
    everything = [*columns, predictions]
    verdict = next(level for level in SEVERITY if any(one.verdict == level for one in everything))
    if rows < spec.min_rows and verdict == "no_verdict":
        return verdict, f"Too few rows for a verdict: {rows}, and {spec.min_rows} are needed."
    if verdict == "ok":
        found = f"No change found in {count(len(columns), 'column')} and the predictions ({count(rows, 'row')})."
        return verdict, " ".join([found, *largest(changes)])
    worst = sorted((one for one in columns if one.verdict == verdict), key=lambda one: -(one.value or 0.0))
    parts = [f"{_HEADINGS[verdict]} {len(worst)} of {len(columns)} columns: {_names(worst)}."] if worst else []
    if predictions.verdict == verdict:
        parts.append(f"The predictions: {predictions.why}.")
    return verdict, " ".join(parts)


_HEADINGS: dict[Verdict, str] = {
    "schema_alarm": "The rows are not of the kind that the model takes, in",
    "drift": "The rows have moved away from those in training, in",
    "no_verdict": "Nothing can be said of",
}


def _names(worst: Sequence[ColumnDrift]) -> str:
    named = "; ".join(f"'{_short(one.column)}' ({one.why})" for one in worst[:_NAMED])
    return named + (f"; and {len(worst) - _NAMED} more" if len(worst) > _NAMED else "")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _verdict(column: AssessedColumn, adjusted: Sequence[float], spec: MonitorSpec) -> tuple[Verdict, str]:
    if column.decided is not None:
        return column.decided, column.why
    pairs = list(zip(column.results, adjusted, strict=True))
    above = [(result, chance) for result, chance in pairs if result.value > result.tolerance]
    alarms = [(result, chance) for result, chance in above if chance < spec.significance]
    if alarms:
        return "drift", "; ".join(f"{result.why}, {_chance(chance)}" for result, chance in alarms)
    undefined = [result for result, chance in pairs if not math.isfinite(result.value) or not math.isfinite(chance)]
    if undefined:
        return "no_verdict", f"no number for {', '.join(result.test.statistic for result in undefined)}"
    if above and column.otherwise == "ok":
        return "ok", "; ".join(f"{result.why}, which may be chance, {_chance(chance)}" for result, chance in above)
    return column.otherwise, column.why


def _chance(chance: float) -> str:
    return "p < 0.001" if chance < 0.001 else f"p = {chance:.3f}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
