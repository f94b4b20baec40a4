"""Which baseline `auto` means."""

from schemas.base import Task
from schemas.choice import Choice

AUTO = "auto"
AUTO_MODULES = ("ml.trainers.constant", "ml.trainers.forecast.baselines")
"""Where they live; the cache keys an `auto` baseline by their source."""
_BY_TASK: dict[Task, str] = {
    "binary": "majority",
    "multiclass": "majority",
    "regression": "mean",
    "forecast": "seasonal_naive",
}
AUTO_MODELS = tuple(_BY_TASK.values())
"""What `auto` may turn out to be."""


def resolve_baseline(declared: Choice, task: Task) -> Choice:
    """Return the declared baseline; `auto` is the most frequent class, the mean, or the season before."""
    return Choice(name=_BY_TASK[task]) if declared.name == AUTO else declared
