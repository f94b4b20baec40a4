"""What an experiment declares of its sets."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Strict
from schemas.choice import Choice
from schemas.column_names import composed

ORIGINS = "origins"
"""The split of a forecast."""


class Ordered(Strict):
    """The column of timestamps that a split goes by, and how it is written; None: as the schema has it."""

    by: str
    format: str | None = None

    @classmethod
    def of(cls, method: Choice, by: str | None) -> Self | None:
        """Return the column that a split by time or by origins goes by, None with another method."""
        if method.name not in ("time", ORIGINS) or by is None:
            return None
        form = method.params.get("format")
        return cls(by=by, format=None if form is None else str(form))


class SplitSpec(Strict):
    """Shares of the test and validation sets and how rows are drawn; `salt` None means the data's label."""

    method: Choice
    test: float = Field(default=0.2, gt=0, lt=1, description="share of the rows in the sealed test set")
    validation: float = Field(default=0.2, gt=0, lt=1, description="share of the rows in the validation set")
    by: str | None = Field(
        default=None, description="the time column of `time`, the group column of `group`; of `origins` data.time"
    )
    salt: str | None = Field(default=None, description="another salt draws other sets; null: the data's name")

    @field_validator("by")
    @classmethod
    def _composed(cls, name: str | None) -> str | None:
        return None if name is None else composed(name)

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Self:
        if self.test + self.validation >= 1:
            raise ValueError(f"test {self.test} and validation {self.validation} leave no rows to train on")
        return self

    @property
    def time(self) -> str | None:
        """The column of timestamps that the rows are split by, None with another method."""
        return self.by if self.method.name == "time" else None

    @property
    def ordered(self) -> Ordered | None:
        """The column of timestamps with its declared form, None with another method."""
        return Ordered.of(self.method, self.by)

    @property
    def group(self) -> str | None:
        """The column whose equal values share a set, None with another method."""
        return self.by if self.method.name == "group" else None
