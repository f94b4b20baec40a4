"""What people are told of a verdict: which ones, how often, and the message; `docs/alert.schema.json` is made of it."""

from typing import Literal

from pydantic import Field, field_validator

from schemas.base import Strict
from schemas.monitoring import Verdict
from schemas.spans import span_seconds

Alarming = Literal["drift", "schema_alarm", "no_verdict"]
"""Every verdict but `ok`."""


class AlertSpec(Strict):
    """Which verdicts the stack's alerter tells, and how often one that stays is told."""

    verdicts: list[Alarming] = Field(
        default=["drift", "schema_alarm"], description="verdicts that are told by the stack's alerter; none: []"
    )
    again_after: str | None = Field(
        default="24h",
        description="an alarm that stays is told again after this span: 90s, 15m, 24h, 7d; null: once and never again",
    )

    @field_validator("again_after")
    @classmethod
    def _is_a_span(cls, span: str | None) -> str | None:
        if span is not None and span_seconds(span) is None:
            raise ValueError(f"{span!r} is not a span (90s, 15m, 24h, 7d)")
        return span

    @property
    def seconds(self) -> float | None:
        """After how many seconds an alarm that stays is told again; None: never."""
        return None if self.again_after is None else span_seconds(self.again_after)


class Change(Strict):
    """One thing that changed; `value` of `statistic` alarms above `threshold`, as `ColumnDrift` has them."""

    kind: Literal["column", "predictions", "labels"] = Field(
        description="a column of the rows, the model's own predictions, or predictions against labels"
    )
    name: str = Field(description="the column's name, on one line")
    verdict: Verdict
    statistic: str | None = Field(default=None, description="what was measured")
    value: float | None = Field(default=None, description="its value in the window")
    threshold: float | None = Field(default=None, description="the value from which on it alarms")
    adjusted_p_value: float | None = Field(
        default=None, description="how probable such a value is where nothing has changed, corrected for all tests"
    )
    why: str = Field(description="the change in a sentence")


class NextStep(Strict):
    """One thing to do next."""

    what: str = Field(description="in a sentence")
    command: str | None = Field(default=None, description="the command that does it, or begins it")


class Alert(Strict):
    """One alert: what changed, how sure that is, what to do next. Texts are single lines without control characters."""

    format: Literal[1] = Field(default=1, description="of this document")
    id: str = Field(description="the same for every delivery of one alert: who has seen it may drop the second")
    key: str = Field(description="the same as long as model, version, verdict and what changed are the same")
    told: int = Field(default=0, ge=0, description="how often the same was told before")
    time: str = Field(description="when the verdict was made: ISO 8601, UTC")
    model: str
    version: str
    verdict: Alarming
    subject: str = Field(description="the whole in one line")
    changed: list[str] = Field(description="KIND:NAME of everything that decided the verdict, sorted")
    changes: list[Change] = Field(description="what changed, the most severe first, twenty at most")
    more_changes: int = Field(default=0, ge=0, description="how many more there are")
    certainty: str = Field(description="how sure it is")
    next_steps: list[NextStep] = Field(description="what to do next, in this order")
    rows: int = Field(description="of the window")
    first: str | None = Field(default=None, description="when its first row was predicted")
    last: str | None = Field(default=None, description="when its last row was predicted")
    report: str | None = Field(default=None, description="the file of the report, on the machine of the command")


class AlertRecord(Strict):
    """What became of a run's alert, and of those that earlier runs could not send.

    `silent`: the verdict is none of those that are told; `told_before`: the same was told less than `again_after` ago;
    `under_way`: another run is sending it; `failed`: the next run tries again. `late` counts alerts of earlier runs
    that were sent by this one, `waiting` those that are still unsent.
    """

    state: Literal["silent", "sent", "told_before", "under_way", "failed"]
    why: str
    late: int = 0
    waiting: int = 0
