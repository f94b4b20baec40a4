"""How a check words what it saw: outcomes, metrics that are undefined, and which of two values is better."""

from collections.abc import Mapping

from schemas.base import Task
from schemas.evaluation import CheckOutcome
from schemas.metrics import HIGHER_IS_BETTER, TASKS, fitting

ROUNDING = 1e-12


def outcome(name: str, value: float | None, threshold: float | None, passed: bool, why: str) -> CheckOutcome:
    """Return what a check saw, asked and concluded."""
    return CheckOutcome(name=name, value=value, threshold=threshold, passed=passed, why=why)


def unmeasured(
    name: str, metric: str, task: Task, threshold: float | None, found: Mapping[str, float | None], whose: str
) -> CheckOutcome:
    """Return a refusal where a metric is undefined, with the reason.

    Args:
        name: Of the check.
        metric: What was to be compared.
        task: Of the candidate.
        threshold: What it was to be compared with.
        found: The metrics that are known.
        whose: Of whom, for a person.
    """
    from ml.evaluation.metrics import why_undefined

    if task not in TASKS.get(metric, ()):
        why = f"{metric} is not defined for a {task} task; use one of: {', '.join(fitting(task))}"
        return outcome(name, None, threshold, False, why)
    why = f"{metric} of {whose} is undefined on these rows: {why_undefined(metric, found)}"
    return outcome(name, None, threshold, False, why)


def gain(metric: str, value: float, other: float) -> float:
    """Return by how much `value` is better than `other`, in the metric's unit; negative where it is worse."""
    return value - other if HIGHER_IS_BETTER[metric] else other - value
