"""What an experiment declares of its rows: columns, expectations, split."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Scalar, Severity, Strict, Task
from schemas.choice import Choice

ColumnType = Literal["number", "boolean", "category", "identifier", "date"]
Share = Annotated[float, Field(ge=0, le=1)]
DatePart = Literal["year", "month", "weekday", "day", "hour", "days_since_start"]


class ColumnSpec(Strict):
    """One column's declaration under `data.columns`; what is not declared is inferred."""

    type: ColumnType | Literal["drop"] | None = None
    nullable: bool | None = None
    min: float | None = None
    max: float | None = None
    allowed: list[Scalar] | None = Field(default=None, min_length=1)
    unique: bool = False
    parts: list[DatePart] | None = Field(default=None, min_length=1)
    format: str | None = Field(default=None, min_length=2, description="how a date is written, %d/%m/%Y; else ISO 8601")
    unit: str | None = None
    on_violation: Literal["warn", "fail"] = "fail"

    @model_validator(mode="after")
    def _keys_fit_the_type(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if self.parts is not None and self.type not in (None, "date"):
            raise ValueError(f"parts belong to a date, but the type declared is {self.type!r}")
        if self.format is not None and self.type not in (None, "date"):
            raise ValueError(f"format belongs to a date, but the type declared is {self.type!r}")
        if (self.min is not None or self.max is not None) and self.type not in (None, "number"):
            raise ValueError(f"min and max belong to a number, but the type declared is {self.type!r}")
        return self


class RowsCheck(Strict):
    """At least `min` rows."""

    min: int = Field(default=50, ge=1)
    severity: Severity = "fail"


class ShareCheck(Strict):
    """A share that must not be passed."""

    max: Share
    severity: Severity = "warn"


class DuplicatesCheck(ShareCheck):
    """At most `max` of the rows repeat an earlier one."""

    max: Share = 0.05


class MissingCheck(ShareCheck):
    """At most `max` of a column's values are missing."""

    max: Share = 0.5


class LeakageCheck(ShareCheck):
    """No feature alone predicts the target better than `max` (ROC AUC or R²)."""

    max: Share = 0.995


class SplitDriftCheck(ShareCheck):
    """No column's distributions in two sets are further apart than `max`."""

    max: Share = 0.2


class BalanceCheck(Strict):
    """Every class has at least `min` of the rows."""

    min: Share = 0.05
    severity: Severity = "warn"


class TableChecks(Strict):
    """Checks of the whole table; each one warns, fails or is off."""

    rows: RowsCheck = RowsCheck()
    target_balance: BalanceCheck = BalanceCheck()
    duplicates: DuplicatesCheck = DuplicatesCheck()
    missing: MissingCheck = MissingCheck()
    leakage: LeakageCheck = LeakageCheck()
    split_drift: SplitDriftCheck = SplitDriftCheck()


class DataSpec(Strict):
    """Where the rows come from (`source`), what is predicted, and what the rows must satisfy."""

    source: Choice
    target: str
    task: Task | Literal["auto", "classification"] = "auto"
    unit: str | None = None
    columns: dict[str, ColumnSpec] = {}
    checks: TableChecks = TableChecks()


class SplitSpec(Strict):
    """Shares of the test and validation sets and how rows are drawn; `salt` None means the data's label."""

    method: Choice
    test: float = Field(gt=0, lt=1)
    validation: float = Field(gt=0, lt=1)
    by: str | None = None
    salt: str | None = None

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Self:
        if self.test + self.validation >= 1:
            raise ValueError(f"test {self.test} and validation {self.validation} leave no rows to train on")
        return self


class Problem(Strict):
    """What is learnt: target, task, and the classes as the data has them (sorted; None for regression)."""

    target: str
    task: Task
    classes: list[Scalar] | None = None
    unit: str | None = None


class Column(Strict):
    """One input column with the type that was declared or inferred, and why."""

    name: str
    type: ColumnType | Literal["drop"]
    declared: bool
    why: str
    nullable: bool | None = None
    parts: list[DatePart] | None = None
    format: str | None = None
    unit: str | None = None


class TableSchema(Strict):
    """The problem and the type of every input column, in the table's order; `why` says how the task was found."""

    problem: Problem
    columns: list[Column]
    why: str = ""
