"""What the bodies of several endpoints hold, as pydantic models.

They describe: the OpenAPI document is made from them, and nothing is read or checked with them. What a row and a label
may be depends on the current version; `live_models` puts that in the place of `Row`, `Prediction` and `Label`.
"""

from typing import Any

from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

Label = TypeAliasType("Label", str | float | bool)


class Row(BaseModel):
    """The columns of one row, by name."""


class Prediction(BaseModel):
    """The prediction for one row; a label of null is an abstention."""

    label: Any
    probabilities: dict[str, float] = Field(default_factory=dict)  # absent where the model gives none
    needs_review: bool


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
