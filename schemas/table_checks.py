"""What an experiment expects of a whole table: each check warns, fails or is off."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator

from schemas.base import Severity, Strict

Share = Annotated[float, Field(ge=0, le=1)]
_SEVERITY = "what happens when it does not hold; off: it is not checked"


class RowsCheck(Strict):
    """At least `min` rows."""

    min: int = Field(default=50, ge=1, description="fewest rows")
    severity: Severity = Field(default="fail", description=_SEVERITY)


class ShareCheck(Strict):
    """A share that must not be passed."""

    max: Share = Field(description="largest share")
    severity: Severity = Field(default="warn", description=_SEVERITY)


class DuplicatesCheck(ShareCheck):
    """At most `max` of the rows repeat an earlier one."""

    max: Share = Field(default=0.05, description="of the rows")


class MissingCheck(ShareCheck):
    """At most `max` of a column's values are missing."""

    max: Share = Field(default=0.5, description="of a column's values")


class LeakageCheck(ShareCheck):
    """No feature alone predicts the target better than `max` (balanced accuracy or R²)."""

    max: Share = Field(default=0.995, description="balanced accuracy or R² of one feature alone")


class SplitDriftCheck(ShareCheck):
    """No column's distributions in two sets are further apart than `max`."""

    max: Share = Field(default=0.2, description="distance between two distributions, 0 to 1")


class RepeatedTextsCheck(ShareCheck):
    """At most `max` of the texts of the other sets are in the training set too."""

    max: Share = Field(default=0.01, description="of a column's different texts of 5 words and more, word by word")


class BalanceCheck(Strict):
    """Every class has at least `min` of the rows."""

    min: Share = Field(default=0.05, description="smallest share of a class")
    severity: Severity = Field(default="warn", description=_SEVERITY)


class GapsCheck(ShareCheck):
    """At most `max` of the points of series were not measured."""

    max: Share = Field(default=0.05, description="of the points between the first and the last of each series")


class RepeatsCheck(ShareCheck):
    """At most `max` of the rows of series have the time of another row of their series."""

    max: Share = Field(default=0.0, description="of the rows")
    severity: Severity = Field(default="fail", description=_SEVERITY)


class ShortSeriesCheck(ShareCheck):
    """At most `max` of the series are too short to teach a forecast."""

    max: Share = Field(default=0.5, description="of the series")


class UntestedCheck(ShareCheck):
    """At most `max` of the points after the origins that test were not measured."""

    max: Share = Field(default=0.5, description="of the points that series have after the origins that test")


class FutureCheck(Strict):
    """No row lies in the future."""

    now: str | None = Field(
        default=None, description="the newest time that a row may have, ISO 8601; null: when the rows are checked"
    )
    severity: Severity = Field(default="fail", description=_SEVERITY)

    @field_validator("now")
    @classmethod
    def _is_a_time(cls, text: str | None) -> str | None:
        try:
            datetime.fromisoformat(text or "1970-01-01")
        except ValueError:
            raise ValueError(f"{text!r} is no time in ISO 8601, such as 2024-06-01 or 2024-06-01T12:00") from None
        return text


class TableChecks(Strict):
    """Checks of the whole table; each one warns, fails or is off."""

    rows: RowsCheck = RowsCheck()
    target_balance: BalanceCheck = BalanceCheck()
    duplicates: DuplicatesCheck = DuplicatesCheck()
    missing: MissingCheck = MissingCheck()
    leakage: LeakageCheck = LeakageCheck()
    repeated_texts: RepeatedTextsCheck = RepeatedTextsCheck()
    split_drift: SplitDriftCheck = SplitDriftCheck()
    gaps: GapsCheck = GapsCheck()
    repeated_times: RepeatsCheck = RepeatsCheck()
    short_series: ShortSeriesCheck = ShortSeriesCheck()
    untested: UntestedCheck = UntestedCheck()
    future_rows: FutureCheck = FutureCheck()
