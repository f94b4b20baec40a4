"""Rules packages, as plain JSON: a constant prediction (the baselines), or rules that people wrote."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from ml.predictions.predictions import decide
from ml.predictions.predictor import Cells, Predictions, Predictor
from ml.rules.classes import codes
from ml.rules.evaluate import Evaluator
from ml.runtimes.forecast import SeriesRule, rule_model
from schemas.base import Strict
from schemas.errors import PackageError
from schemas.rules import RuleSet
from schemas.signature import Output


class Constant(Strict):
    """The same prediction for every row: a probability for each class, or a value."""

    kind: Literal["constant"] = "constant"
    probabilities: list[float] | None = None
    value: float | None = None


class ConstantModel(Predictor):
    """A constant prediction."""

    def __init__(self, rule: Constant, output: Output) -> None:
        self._rule = rule
        self._threshold = output.decision_threshold

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        rows = len(features)
        if self._rule.value is not None:
            return Predictions(values=np.full(rows, self._rule.value))
        probabilities = np.tile(np.array(self._rule.probabilities, dtype=np.float64), (rows, 1))
        return Predictions(codes=decide(probabilities, self._threshold), probabilities=probabilities)


class DecisionList(Predictor):
    """Rules on raw cells: the first that holds decides, without probabilities.

    Raises:
        KeyError: If a rule predicts what is no class, reads a column whose type is not given, or searches one that is
            no text.
        ValueError: If a rule compares a column with what is not of its type.
    """

    reads_cells = True

    def __init__(self, rules: RuleSet, output: Output) -> None:
        self.rules = rules
        self._evaluator = Evaluator(rules.rules, rules.columns)
        self._codes = np.array(codes(rules, output.classes or []), dtype=np.int64)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Refuse: features no longer show what the cells were. Raises PackageError always."""
        raise PackageError("Rules read raw cells, not features")

    def predict_cells(self, cells: Cells) -> Predictions:
        """Predict for raw cells, columns of equal length; -1 where they abstain."""
        return self.predictions_at(self.fired(cells))

    def predictions_at(self, fired: NDArray[np.int64]) -> Predictions:
        """Return what the rules predict that decided, at the positions which `fired` gives; (n,)."""
        return Predictions(codes=self._codes[fired])

    def fired(self, cells: Cells) -> NDArray[np.int64]:
        """Return for every row the position of the rule that decides, the number of rules where none does; (n,)."""
        return self._evaluator.fired(cells)


_CONTENT: TypeAdapter[Constant | RuleSet | SeriesRule] = TypeAdapter(
    Annotated[Constant | RuleSet | SeriesRule, Field(discriminator="kind")]
)


def load(data: bytes, output: Output) -> Predictor:
    """Read `rules.json`. Raises PackageError when it does not fit the task."""
    try:
        content = _CONTENT.validate_json(data, strict=True)
    except ValidationError as error:
        raise PackageError(f"rules.json cannot be used: {error}") from error
    if isinstance(content, SeriesRule):
        return rule_model(content, output)
    if isinstance(content, RuleSet):
        try:
            return DecisionList(content, output)
        except KeyError as error:
            what = "neither a class, nor a column of it, nor an operator for its column's type"
            raise PackageError(f"rules.json cannot be used: {error} is {what}") from error
        except ValueError as error:
            raise PackageError(f"rules.json cannot be used: a value is not of its column's type ({error})") from error
    fits = (
        content.value is not None
        if output.task == "regression"
        else len(content.probabilities or []) == len(output.classes or [])
    )
    if not fits:
        raise PackageError(f"rules.json cannot be used: it is not for a {output.task} task")
    return ConstantModel(content, output)
