"""Parameters of the split by time: where the sets begin, and the gap before each cut."""

import re
from datetime import datetime
from typing import Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Strict

_SPAN = re.compile(r"([0-9]+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = 1000 * 366 * 86400
_BEYOND = 2**63
Cut = int | float | str


class TimeSplitParams(Strict):
    """Where the sets begin. A cut that is not given follows from its share; numbers are for a column of numbers."""

    test_from: Cut | None = Field(
        default=None, description="first timestamp of the test set, ISO 8601; null: the newest split.test of the rows"
    )
    validation_from: Cut | None = Field(
        default=None,
        description="first timestamp of the validation set; null: the newest of the rest, by split.validation",
    )
    gap: Cut = Field(default=0, description="rows this close before either cut are in no set: 12h, 7d, 2w")
    format: str | None = Field(
        default=None,
        min_length=2,
        description="how timestamps are written, %d.%m.%Y; null: as data.columns declares, else ISO",
    )
    century: int | None = Field(
        default=None, ge=1, le=9900, description="first year that two digits mean; null: as data.columns declares"
    )

    @field_validator("test_from", "validation_from", "gap", mode="before")
    @classmethod
    def _a_truth_is_no_number(cls, cut: object) -> object:
        if isinstance(cut, bool):
            raise ValueError(f"{str(cut).lower()} is neither a number nor a text")
        return cut

    @field_validator("test_from", "validation_from", "gap")
    @classmethod
    def _a_number_is_one_that_columns_hold(cls, cut: Cut | None) -> Cut | None:
        if isinstance(cut, int | float) and not abs(cut) < _BEYOND:
            raise ValueError(f"{cut} is no number that a column of timestamps holds")
        return cut

    @field_validator("test_from", "validation_from")
    @classmethod
    def _a_text_is_a_timestamp(cls, cut: Cut | None) -> Cut | None:
        if isinstance(cut, str):
            try:
                datetime.fromisoformat(cut)
            except ValueError:
                what = "is no timestamp in ISO 8601, such as 2024-06-01 or 2024-06-01T12:00"
                raise ValueError(f"{cut!r} {what}") from None
        return cut

    @field_validator("gap")
    @classmethod
    def _a_gap_is_a_span(cls, gap: Cut) -> Cut:
        span = _SPAN.fullmatch(gap) if isinstance(gap, str) else None
        if isinstance(gap, str) and span is None:
            raise ValueError(
                f"{gap!r} is no span of time: 90s, 15m, 12h, 7d, 2w (a plain number for a column of numbers)"
            )
        if span is not None and int(span[1]) * _SECONDS[span[2]] > _LONGEST:
            raise ValueError(f"{gap!r} is longer than a thousand years")
        if not isinstance(gap, str) and gap < 0:
            raise ValueError(f"{gap} is less than 0")
        return gap

    @model_validator(mode="after")
    def _validation_comes_before_test(self) -> Self:
        first, last = self.validation_from, self.test_from
        if first is None or last is None:
            return self
        if isinstance(first, str) != isinstance(last, str):
            what = "one is a timestamp, the other a number"
            raise ValueError(f"validation_from {first!r} and test_from {last!r}: {what}")
        if not _position(first) < _position(last):
            raise ValueError(f"validation_from {first!r} is not before test_from {last!r}")
        return self

    @property
    def seconds(self) -> int | None:
        """The gap in seconds; None for a plain number other than 0."""
        if isinstance(self.gap, str):
            number, unit = _SPAN.fullmatch(self.gap).groups()  # type: ignore[union-attr]
            return int(number) * _SECONDS[unit]
        return None if self.gap else 0


def _position(cut: Cut) -> float:
    if not isinstance(cut, str):
        return cut
    timestamp = datetime.fromisoformat(cut)
    return (timestamp.replace(tzinfo=None) - datetime.min).total_seconds() - (
        offset.total_seconds() if (offset := timestamp.utcoffset()) else 0.0
    )
