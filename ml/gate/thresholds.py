"""Checks `min` and `max`: a threshold for each metric named."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ml.components.gate_check import Evidence, GateCheck
from ml.gate.outcomes import outcome, unmeasured
from schemas.evaluation import CheckOutcome
from schemas.numbers import shown


class Thresholds(BaseModel):
    """A threshold for each metric, by the metric's name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    __pydantic_extra__: dict[str, float]


class Minimum(GateCheck):
    """Every metric named must reach its threshold."""

    Params: ClassVar[type[BaseModel]] = Thresholds
    params: Thresholds

    def __init__(self, params: Thresholds) -> None:
        self._thresholds = dict(params.__pydantic_extra__)

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome for each metric."""
        return [_threshold("min", name, least, evidence) for name, least in self._thresholds.items()]


class Maximum(GateCheck):
    """Every metric named must stay at or below its threshold."""

    Params: ClassVar[type[BaseModel]] = Thresholds
    params: Thresholds

    def __init__(self, params: Thresholds) -> None:
        self._thresholds = dict(params.__pydantic_extra__)

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome for each metric."""
        return [_threshold("max", name, most, evidence) for name, most in self._thresholds.items()]


def _threshold(side: Literal["min", "max"], metric: str, threshold: float, evidence: Evidence) -> CheckOutcome:
    name, found = f"{side}.{metric}", evidence.scores
    value = found.get(metric)
    if value is None:
        return unmeasured(name, metric, evidence.problem.task, threshold, found, "the candidate")
    passed = value >= threshold if side == "min" else value <= threshold
    place = {
        ("min", True): "reaches",
        ("min", False): "is below",
        ("max", True): "is within",
        ("max", False): "is above",
    }[side, passed]
    bound = "minimum" if side == "min" else "maximum"
    return outcome(name, value, threshold, passed, f"{metric} {shown(value)} {place} the {bound} {shown(threshold)}")
