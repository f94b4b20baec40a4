"""What the comparison of candidate and production on recent rows comes to."""

from collections.abc import Mapping
from typing import Any

from ml.gate.outcomes import ROUNDING, gain, outcome, unmeasured
from schemas.base import Task
from schemas.metrics import HIGHER_IS_BETTER
from schemas.numbers import shown
from schemas.retraining import RecentComparison, RetrainSpec

NAME = "no_worse_on_recent_rows"


def conclude(
    metric: str,
    task: Task,
    rows: int,
    version: str,
    spec: RetrainSpec,
    ours: Mapping[str, float | None] | None = None,
    theirs: Mapping[str, float | None] | None = None,
    not_comparable: str | None = None,
) -> RecentComparison:
    """Return the outcome that the gate takes among its own.

    Args:
        metric: What is compared.
        task: Of both.
        rows: How many recent rows there are.
        version: In production.
        spec: The loss that is let through, and the fewest rows.
        ours: The candidate's metrics; None where there are too few rows.
        theirs: Production's, None where they cannot be compared.
        not_comparable: Why they cannot.
    """
    if ours is None:
        why = (
            f"{rows:,} recent rows are fewer than retrain.min_recent {spec.min_recent:,}: nothing is concluded of them"
        )
        return RecentComparison(rows=rows, outcome=outcome(NAME, None, None, True, why))
    value = ours.get(metric)
    if theirs is None:
        why = f"not comparable with version {version} in production on recent rows: {not_comparable}; let through"
        return RecentComparison(rows=rows, candidate=dict(ours), outcome=outcome(NAME, value, None, True, why))
    other = theirs.get(metric)
    found: dict[str, Any] = {"rows": rows, "candidate": dict(ours), "production": dict(theirs)}
    if value is None or other is None:
        whose, measured = ("the candidate", ours) if value is None else (f"version {version}", theirs)
        return RecentComparison(**found, outcome=unmeasured(NAME, metric, task, other, measured, whose))
    least = other - spec.tolerance if HIGHER_IS_BETTER[metric] else other + spec.tolerance
    passed = gain(metric, value, other) >= -spec.tolerance - ROUNDING
    verb = "is no worse than" if passed else "is worse than"
    theirs_said = f"{shown(other)} of version {version} in production (tolerance {shown(spec.tolerance)})"
    why = f"on {rows:,} recent rows: {metric} {shown(value)} {verb} {theirs_said}"
    return RecentComparison(**found, outcome=outcome(NAME, value, least, passed, why))
