"""From the hypothesis tests of every column to a verdict with its reason."""

import math
from collections.abc import Sequence

from ml.monitoring.column_drift import TestedColumn
from ml.monitoring.hypothesis_tests import limits, outside, unseen
from ml.values.label_text import printable
from schemas.monitoring import SEVERITY, ColumnDrift, Verdict
from schemas.run import MonitorSpec

_NAMED = 3
_LONGEST_NAME = 60


def conclude(column: TestedColumn, adjusted: Sequence[float], spec: MonitorSpec) -> ColumnDrift:
    """Return a column's verdict; `adjusted` are the p-values of its checks, corrected for all checks of the window."""
    verdict, why = _verdict(column, adjusted, spec)
    shown = [
        pair
        for name in ("distance", "unseen")
        for pair in zip(column.checks, adjusted, strict=True)
        if pair[0].name == name
    ]
    check, chance = shown[0] if shown else (None, None)
    now, before = column.window, column.reference
    return ColumnDrift(
        column=printable(column.column),
        kind=now.kind if now is not None else before.kind if before is not None else None,
        verdict=verdict,
        statistic=check.statistic if check else None,
        value=_finite(check.value) if check else None,
        p_value=_finite(check.p_value) if check else None,
        adjusted_p_value=_finite(chance),
        threshold=check.tolerance if check else None,
        missing_share=now.missing / now.rows if now is not None and now.rows else None,
        reference_missing_share=before.missing / before.rows if before is not None and before.rows else None,
        unseen_share=_unseen_share(column),
        out_of_range_share=_outside_share(column),
        why=why,
    )


def overall(
    columns: Sequence[ColumnDrift], predictions: ColumnDrift, rows: int, spec: MonitorSpec
) -> tuple[Verdict, str]:
    """Return the window's verdict, the most severe of all, and the reason that names the worst columns."""
    everything = [*columns, predictions]
    verdict = next(level for level in SEVERITY if any(one.verdict == level for one in everything))
    if rows < spec.min_rows and verdict == "no_verdict":
        return verdict, f"Too few rows for a verdict: {rows}, and {spec.min_rows} are needed."
    if verdict == "ok":
        return verdict, f"All {len(columns)} columns and the predictions are distributed as in training ({rows} rows)."
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


def _verdict(column: TestedColumn, adjusted: Sequence[float], spec: MonitorSpec) -> tuple[Verdict, str]:
    if column.decided is not None:
        return column.decided, column.why
    pairs = list(zip(column.checks, adjusted, strict=True))
    above = [(check, chance) for check, chance in pairs if check.value > check.tolerance]
    alarms = [(check, chance) for check, chance in above if chance < spec.significance]
    if alarms:
        return "drift", "; ".join(f"{check.why}, {_chance(chance)}" for check, chance in alarms)
    undefined = [check for check, chance in pairs if not math.isfinite(check.value) or not math.isfinite(chance)]
    if undefined:
        return "no_verdict", f"no number for {', '.join(check.statistic for check in undefined)}"
    if above and column.otherwise == "ok":
        return "ok", "; ".join(f"{check.why}, which may be chance, {_chance(chance)}" for check, chance in above)
    return column.otherwise, column.why


def _chance(chance: float) -> str:
    return "p < 0.001" if chance < 0.001 else f"p = {chance:.3f}"


def _unseen_share(column: TestedColumn) -> float | None:
    now, known = column.window, column.expected.known
    if now is None or known is None or now.present == 0 or now.kind not in ("category", "identifier"):
        return None
    return unseen(now, known) / now.present


def _outside_share(column: TestedColumn) -> float | None:
    now, before = column.window, column.reference
    if now is None or before is None or now.kind not in ("number", "date") or not (now.numbers or now.infinite):
        return None
    ends = limits(before, column.expected)
    return None if ends is None else _finite(outside(now, *ends))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
