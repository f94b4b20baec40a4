"""The names of the metrics, which way is better, and which tasks they belong to."""

from schemas.base import Task

_CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")
_VALUES: tuple[Task, ...] = ("regression", "forecast")
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
    "mean_absolute_scaled_error": False,
    "symmetric_mean_absolute_percentage_error": False,
    "mean_pinball_loss": False,
    "interval_coverage": True,
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
    "mean_absolute_error": _VALUES,
    "root_mean_squared_error": _VALUES,
    "r2": ("regression",),
    "mean_absolute_percentage_error": _VALUES,
    "mean_absolute_scaled_error": ("forecast",),
    "symmetric_mean_absolute_percentage_error": ("forecast",),
    "mean_pinball_loss": ("forecast",),
    "interval_coverage": ("forecast",),
}
NEED_PROBABILITIES = ("roc_auc", "log_loss", "expected_calibration_error")
NOT_RANKED = ("coverage", "answered_accuracy", "interval_coverage")
"""How much a model predicts, how well what it predicts, how much its intervals cover: each is bought with another, so
none ranks models."""
WITHOUT_PROBABILITIES = "balanced_accuracy"
"""What `auto` means for classes where the trainer or the baseline gives no probabilities."""
AUTO_WITHOUT_PROBABILITIES = "auto without probabilities"
"""What `auto` becomes where that is so and the task is not known yet; nobody declares it."""
AUTO: dict[str, dict[Task, str]] = {
    "auto": {
        "binary": "roc_auc",
        "multiclass": "balanced_accuracy",
        "regression": "root_mean_squared_error",
        "forecast": "mean_absolute_scaled_error",
    },
    AUTO_WITHOUT_PROBABILITIES: {
        "binary": WITHOUT_PROBABILITIES,
        "multiclass": WITHOUT_PROBABILITIES,
        "regression": "root_mean_squared_error",
        "forecast": "mean_absolute_scaled_error",
    },
}
"""The metric that each kind of `auto` means, by task."""


def fitting(task: Task) -> list[str]:
    """Return the metrics that are defined for a task, in alphabetical order."""
    return sorted(name for name, tasks in TASKS.items() if task in tasks)


def resolve_metric(metric: str, task: Task) -> str:
    """Return the metric that gate, tuning and sweeps rank by; each of `AUTO` depends on the task.

    Raises:
        ValueError: If the metric is unknown or not defined for the task.
    """
    name = AUTO[metric][task] if metric in AUTO else metric
    if task not in TASKS.get(name, ()):
        raise ValueError(
            f"metric {metric!r} is not defined for a {task} task; choose one of: {', '.join(fitting(task))}"
        )
    return name
