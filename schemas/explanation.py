"""`explanation.json` of a package: what an exact explanation of its predictions takes."""

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from schemas.base import Strict

Explained = Literal["value", "log_odds", "log_ratio", "score", "probability", "label"]
"""Which output an explanation is of: the value of a regression, and of classes, always for the one predicted:

- `log_odds`: the logarithm of p / (1 - p), of two classes;
- `log_ratio`: the logarithm of p less the mean logarithm over all classes, of more than two;
- `score`: the linear score that classes are compared by, of a model without probabilities;
- `probability`: p itself;
- `label`: 1 where the class is predicted, 0 where it is not, of a model without probabilities; of rules the class.
"""
Linear = Literal["value", "log_odds", "log_ratio", "score"]
Weights = list[FiniteFloat]


class NumberTerm(Strict):
    """A feature that is a number: `slopes` times its distance from `reference`, its mean among the training rows.

    A missing value is `fill`. There is a slope for each score of the form.
    """

    kind: Literal["number"] = "number"
    feature: int = Field(ge=0)
    fill: FiniteFloat
    reference: FiniteFloat
    slopes: Weights

    @property
    def widths(self) -> set[int]:
        """How many scores it has weights for."""
        return {len(self.slopes)}


class CategoryTerm(Strict):
    """A feature that is a category's code: `effects` of the code less `reference`, their mean among the training rows.

    An unknown code has no effect of its own. Each effect has a weight for each score of the form.
    """

    kind: Literal["category"] = "category"
    feature: int = Field(ge=0)
    effects: list[Weights]
    reference: Weights

    @property
    def widths(self) -> set[int]:
        """How many scores it has weights for."""
        return {len(self.reference), *map(len, self.effects)}


Term = Annotated[NumberTerm | CategoryTerm, Field(discriminator="kind")]


class LinearForm(Strict):
    """A model that is linear in its features: `base` is its score for the mean of the training rows.

    Of two classes there is one score, of the second of `classes`; of more there is one for each. A regression has no
    `classes` and one score, its value.
    """

    kind: Literal["linear"] = "linear"
    of: Linear
    classes: list[int] = []
    base: Weights
    terms: list[Term]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        scores = len(self.base)
        wanted = 1 if len(self.classes) in (0, 2) else len(self.classes)
        strange = [one.feature for one in self.terms if one.widths != {scores}]
        if scores != wanted or strange or (self.of == "value") != (not self.classes):
            raise ValueError("scores, classes and weights do not fit each other")
        return self
