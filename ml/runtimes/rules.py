"""Rules packages: the constant baselines, as plain JSON."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ml.answers import Answers, decide
from schemas.base import Strict
from schemas.errors import PackageError
from schemas.signature import Output


class Constant(Strict):
    """The same answer for every row: a probability for each class, or a value."""

    kind: Literal["constant"] = "constant"
    probabilities: list[float] | None = None
    value: float | None = None


class RulesModel:
    """A constant answer."""

    def __init__(self, rule: Constant, output: Output) -> None:
        self._rule = rule
        self._threshold = output.decision_threshold

    @classmethod
    def load(cls, data: bytes, output: Output) -> "RulesModel":
        """Read the rule from JSON. Raises PackageError when it does not fit the task."""
        try:
            rule = Constant.model_validate_json(data)
        except ValidationError as error:
            raise PackageError(f"rules.json cannot be used: {error}") from error
        fits = (
            rule.value is not None
            if output.task == "regression"
            else len(rule.probabilities or []) == len(output.classes or [])
        )
        if not fits:
            raise PackageError(f"rules.json cannot be used: it does not answer a {output.task} task")
        return cls(rule, output)

    def answer(self, features: NDArray[np.float32]) -> Answers:
        """Predict for (n, features)."""
        rows = len(features)
        if self._rule.value is not None:
            return Answers(values=np.full(rows, self._rule.value))
        probabilities = np.tile(np.array(self._rule.probabilities, dtype=np.float64), (rows, 1))
        return Answers(codes=decide(probabilities, self._threshold), probabilities=probabilities)
