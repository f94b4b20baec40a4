"""What the bodies of several endpoints hold, as pydantic models.

They describe: the OpenAPI document is made from them, and nothing is read or checked with them. What a row and a label
may be depends on the current version; `live_models` puts that in the place of `Row`, `Prediction` and `Label`.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from schemas.explanation import Explained

Label = TypeAliasType("Label", str | float | bool)


class Row(BaseModel):
    """The columns of one row, by name."""


class Rule(BaseModel):
    """The rule that decided: its place from 0, null where none held, and what it says."""

    index: int | None
    text: str


class Contributions(BaseModel):
    """What moved one prediction: base and contributions add up to the output that `of` names, of the class predicted.

    `error`: the standard errors of contributions that are sampled, null where too few sample rows differ.
    """

    method: Literal["exact", "sampled"]
    of: Explained
    base: float
    contributions: dict[str, float]
    error: dict[str, float | None] = Field(default_factory=dict)  # absent where they are exact


class Decision(BaseModel):
    """Which rule decided one prediction, and its conditions that held."""

    method: Literal["exact"]
    of: Literal["label"]
    rule: Rule
    conditions: list[str]


class Skipped(BaseModel):
    """Why one prediction is not explained."""

    skipped: str


Explanation = Contributions | Decision | Skipped


def unasked() -> Explanation:
    """Return what stands for an explanation that is absent, since nobody asked for it."""
    return Skipped(skipped="not asked for")


class Flag(BaseModel):
    """What was wrong with a value of a row that is predicted all the same, and what was taken for it."""

    column: str
    message: str


class Prediction(BaseModel):
    """The prediction for one row; a label of null is an abstention."""

    label: Any
    probabilities: dict[str, float] = Field(default_factory=dict)  # absent where the model gives none
    needs_review: bool
    explanation: Explanation = Field(default_factory=unasked)  # absent unless it is asked for
    flags: list[Flag] = Field(default_factory=list)  # absent where there is nothing to tell


class ErrorDetail(BaseModel):
    """What is wrong, in words; `column` is the first one at fault, where it is one."""

    message: str
    column: str | None = None


class RowError(BaseModel):
    """Why one row has no prediction."""

    error: ErrorDetail


class Error(BaseModel):
    """Why a request has no answer; `predictions` holds an error for each row where no row is valid."""

    error: ErrorDetail
    predictions: list[RowError] = Field(default_factory=list)  # absent otherwise
