"""The names of the metrics, which way is better, and which tasks they belong to."""

from schemas.base import Task

_CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")
HIGHER_IS_BETTER: dict[str, bool] = {
    "accuracy": True,
    "balanced_accuracy": True,
    "f1": True,
    "f1_macro": True,
    "coverage": True,
    "answered_accuracy": True,
    "roc_auc": True,
    "log_loss": False,
    "expected_calibration_error": False,
    "mean_absolute_error": False,
    "root_mean_squared_error": False,
    "r2": True,
    "mean_absolute_percentage_error": False,
}
TASKS: dict[str, tuple[Task, ...]] = {
    "accuracy": _CLASSIFICATION,
    "balanced_accuracy": _CLASSIFICATION,
    "f1": ("binary",),
    "f1_macro": ("multiclass",),
    "coverage": _CLASSIFICATION,
    "answered_accuracy": _CLASSIFICATION,
    "roc_auc": _CLASSIFICATION,
    "log_loss": _CLASSIFICATION,
    "expected_calibration_error": _CLASSIFICATION,
    "mean_absolute_error": ("regression",),
    "root_mean_squared_error": ("regression",),
    "r2": ("regression",),
    "mean_absolute_percentage_error": ("regression",),
}
NEED_PROBABILITIES = ("roc_auc", "log_loss", "expected_calibration_error")
NOT_RANKED = ("coverage", "answered_accuracy")
"""How much a model answers, and how well what it answers: one is bought with the other, so neither ranks models."""
WITHOUT_PROBABILITIES = "balanced_accuracy"
"""What `auto` means where the trainer or the baseline gives no probabilities."""
_AUTO: dict[Task, str] = {
    "binary": "roc_auc",
    "multiclass": "balanced_accuracy",
    "regression": "root_mean_squared_error",
}


def resolve_metric(metric: str, task: Task) -> str:
    """Return the metric that gate, tuning and sweeps rank by; `auto` depends on the task.

    Raises:
        ValueError: If the metric is unknown or says nothing about the task.
    """
    name = _AUTO[task] if metric == "auto" else metric
    if task not in TASKS.get(name, ()):
        fitting = ", ".join(sorted(known for known, tasks in TASKS.items() if task in tasks))
        raise ValueError(f"metric {metric!r} is not defined for a {task} task; choose one of: {fitting}")
    return name
