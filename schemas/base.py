"""The strict base of every schema and the few scalar types they share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Scalar = str | int | float | bool
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Task = Literal["binary", "multiclass", "regression"]
Severity = Literal["off", "warn", "fail"]


class Strict(BaseModel):
    """Frozen, and an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)
