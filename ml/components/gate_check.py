"""Kind `gate`: what a candidate must satisfy before it may be deployed."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from ml.components.component import Component
from schemas.data import Problem
from schemas.evaluation import CheckOutcome, Evaluation, Scores


@dataclass(frozen=True)
class Evidence:
    """What gate checks look at; `production` holds production's metrics on the same test rows, if any."""

    problem: Problem
    metric: str
    evaluation: Evaluation
    baseline: Mapping[str, float | None]
    size_bytes: int
    production: Mapping[str, float | None] | None = None
    production_version: str | None = None
    not_comparable: str | None = None

    @property
    def scores(self) -> Scores:
        """The candidate's metrics on the test set, or on the validation set where the test set stays sealed."""
        return self.evaluation.metrics.get("test") or self.evaluation.metrics.get("validation") or {}


class GateCheck(Component):
    """One requirement of a candidate.

    An experiment switches a check on by its registered name: `gate.NAME: true`, or the check's parameters.
    """

    @abstractmethod
    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome for each threshold; every outcome says why, for a person."""
