"""Check `beat_baseline`: the candidate must be better than the baseline in the run's metric."""

from typing import ClassVar

from pydantic import BaseModel

from ml.components.gate_check import Evidence, GateCheck
from ml.gate.outcomes import ROUNDING, gain, outcome, unmeasured
from schemas.base import Strict
from schemas.evaluation import CheckOutcome
from schemas.numbers import shown


class NoParams(Strict):
    """Nothing to set."""


class BeatBaseline(GateCheck):
    """The candidate must be better than the baseline in the run's metric."""

    Params: ClassVar[type[BaseModel]] = NoParams
    params: NoParams

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome."""
        metric, name = evidence.metric, "beat_baseline"
        value, other = evidence.scores.get(metric), evidence.baseline.get(metric)
        if value is None or other is None:
            found = evidence.scores if value is None else evidence.baseline
            whose = "the candidate" if value is None else "the baseline"
            return [unmeasured(name, metric, evidence.problem.task, other, found, whose)]
        passed = gain(metric, value, other) > ROUNDING
        verb = "is better than" if passed else "is not better than"
        why = f"{metric} {shown(value)} {verb} the baseline's {shown(other)}{_abstained(evidence)}"
        return [outcome(name, value, other, passed, why)]


def _abstained(evidence: Evidence) -> str:
    coverage = evidence.baseline.get("coverage")
    if coverage is None or coverage >= 1:
        return ""
    return f" (which predicts {coverage:.1%} of the rows; those it abstains from count as not right)"
