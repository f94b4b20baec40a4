"""Check `no_worse_than_production`: the comparison with the version in production on the same rows."""

from typing import ClassVar

from pydantic import BaseModel

from ml.components.gate_check import Evidence, GateCheck
from ml.gate.outcomes import ROUNDING, gain, outcome, unmeasured
from schemas.evaluation import CheckOutcome
from schemas.metrics import HIGHER_IS_BETTER
from schemas.numbers import shown
from schemas.run import ProductionCheck


class NoWorseThanProduction(GateCheck):
    """The candidate must not be worse than the version in production on the same rows."""

    Params: ClassVar[type[BaseModel]] = ProductionCheck
    params: ProductionCheck

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome."""
        metric, name = evidence.metric, "no_worse_than_production"
        value, version = evidence.scores.get(metric), evidence.production_version
        if version is None:
            return [outcome(name, value, None, True, "first version: nothing is in production yet")]
        if evidence.production is None:
            return [self._not_comparable(name, value, version, evidence.not_comparable)]
        other = evidence.production.get(metric)
        if value is None or other is None:
            found = evidence.scores if value is None else evidence.production
            whose = "the candidate" if value is None else f"version {version}"
            return [unmeasured(name, metric, evidence.problem.task, other, found, whose)]
        tolerance = self.params.tolerance
        least = other - tolerance if HIGHER_IS_BETTER[metric] else other + tolerance
        passed = gain(metric, value, other) >= -tolerance - ROUNDING
        verb = "is no worse than" if passed else "is worse than"
        theirs = f"{shown(other)} of version {version} in production (tolerance {shown(tolerance)})"
        return [outcome(name, value, least, passed, f"{metric} {shown(value)} {verb} {theirs}")]

    def _not_comparable(self, name: str, value: float | None, version: str, why: str | None) -> CheckOutcome:
        passed = self.params.when_not_comparable == "pass"
        end = "let through" if passed else "refused"
        reason = why or "it was not scored on these rows"
        text = f"not comparable with version {version} in production: {reason}; {end}, as when_not_comparable declares"
        return outcome(name, value, None, passed, text)
