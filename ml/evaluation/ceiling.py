"""A model's score beside the best that any model can have."""

from ml.checks.ceiling import explained
from schemas.evaluation import Ceiling, Evaluation
from schemas.numbers import shown


def ceiling_notes(ceiling: Ceiling | None, evaluation: Evaluation) -> list[str]:
    """Return the ceiling, and whether more tuning can help, as sentences on the test set; nothing without a ceiling."""
    if ceiling is None:
        return []
    sentence = explained(ceiling)
    return [f"{sentence[0].upper()}{sentence[1:]}.", *_compared(ceiling, evaluation)]


def _compared(ceiling: Ceiling, evaluation: Evaluation) -> list[str]:
    value = evaluation.metrics.get("test", {}).get(ceiling.metric)
    if value is None:
        return []
    low, high = evaluation.intervals.get("test", {}).get(ceiling.metric, (value, value))
    interval = f"({_said(ceiling, low)} to {_said(ceiling, high)})"
    reached = f"On the test set the model's {ceiling.metric} is {_said(ceiling, value)} {interval}"
    best = _said(ceiling, ceiling.value)
    if high >= ceiling.low and ceiling.disagreement == 0:
        return [f"{reached}: all that there is to be right about."]
    if high >= ceiling.low:
        return [
            f"{reached}, and {best} is the ceiling: it is reached. More tuning, a larger model or another trainer will "
            "not help; only columns that say more, or targets that are measured better, would."
        ]
    return [
        f"{reached}, which is below the ceiling of {best}: the rows hold more than this model found. Another trainer, "
        "other features or more rows may help."
    ]


def _said(ceiling: Ceiling, value: float) -> str:
    return shown(value) if ceiling.metric == "r2" else f"{value:.1%}"
