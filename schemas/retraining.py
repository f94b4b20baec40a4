"""What retraining is declared to do, what it took from the journal, and what came of it."""

import re
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from schemas.base import Strict
from schemas.evaluation import CheckOutcome, Scores

Trigger = Literal["hand", "drift", "labels", "schedule"]
MOST_ROWS = 100_000
"""Labelled rows that are taken from a journal at most: they are held in memory."""
LONGEST_SOURCE = 100
"""Characters of the name of who labelled."""
_SPAN = re.compile(r"^([1-9][0-9]{0,6})(s|m|h|d)$")
_ROWS = re.compile(r"^[1-9][0-9]{0,8}$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(span: str) -> float:
    """Return the seconds of a span (90s, 15m, 24h, 7d). Raises ValueError."""
    found = _SPAN.match(span)
    if found is None:
        raise ValueError(f"{span!r} is no span; write 90s, 15m, 24h or 7d")
    return float(int(found[1]) * _SECONDS[found[2]])


class PoisonSpec(Strict):
    """When the labels of one source are not believed: more of them are contradicted than is to be expected."""

    excess: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="share of a source's labels contradicted beyond the expected one, tolerated",
    )
    significance: float = Field(
        default=0.01, gt=0, lt=1, description="how improbable by chance the excess must be, over all sources"
    )
    min_rows: int = Field(default=20, ge=5, description="a source with fewer labelled rows is not judged by itself")


class RetrainSpec(Strict):
    """What `pipeline=retraining` takes from the journal, when it is due, and what its model must not be worse than."""

    trigger: Literal["hand", "auto"] = Field(
        default="hand", description="hand: now; auto: where drift, labels or every says so, as from cron"
    )
    id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_.:-]+$",
        description="names a cause by hand; null: the labels there are, so that nothing is trained twice on the same",
    )
    drift: bool = Field(default=True, description="auto: when the last monitoring run of this version found drift")
    labels: int | None = Field(
        default=200, ge=1, description="auto: when so many labels came since the last retraining; null: never"
    )
    every: str | None = Field(default=None, description="auto: once in each such span (24h, 7d); null: never")
    cool_down: str = Field(default="1h", description="no retraining begins within this span after another; 0s: none")
    window: int | str = Field(
        default="90d", description="labelled rows taken: the last so many (5000), or labels of the last span (24h, 90d)"
    )
    min_labels: int = Field(default=100, ge=10, description="fewer labelled rows in the window: nothing is done")
    join: Literal["append", "thin"] = Field(
        default="append",
        description="append: all of training, new rows up to share; thin: training rows go until new ones are share",
    )
    share: float = Field(default=0.5, gt=0, le=1, description="of the joined rows that are new")
    duplicates: Literal["drop", "keep"] = Field(
        default="drop", description="rows with equal inputs: drop keeps the one that was labelled last"
    )
    exclude: list[str] = Field(default=[], description="sources of labels that are left out")
    poison: PoisonSpec = PoisonSpec()
    tolerance: float = Field(
        default=0.0,
        ge=0,
        description="loss on recent rows against production that is let through, in the metric's unit",
    )
    min_recent: int = Field(
        default=20, ge=2, description="recent rows that neither was trained on; of fewer nothing is concluded"
    )
    weight: float = Field(
        default=1.0, gt=0, description="of a new row in training; only 1 yet: use share and join=thin"
    )

    @field_validator("cool_down", "every")
    @classmethod
    def _is_a_span(cls, span: str | None, info: ValidationInfo) -> str | None:
        if span is not None and (span != "0s" or info.field_name == "every"):
            seconds_of(span)
        return span

    @field_validator("window")
    @classmethod
    def _window_is_rows_or_a_span(cls, window: int | str) -> int | str:
        if not _SPAN.match(str(window)) and not _ROWS.match(str(window)):
            raise ValueError(f"{window!r} is neither a number of rows (5000) nor a span (24h, 90d)")
        return window

    @model_validator(mode="after")
    def _a_row_weighs_one(self) -> Self:
        if self.weight != 1.0:
            raise ValueError(
                f"weight {self.weight:g} cannot be kept: no trainer takes weights of rows yet; let new rows be a "
                "larger share instead, with join: thin and share"
            )
        return self

    @property
    def cool_down_seconds(self) -> float:
        """Seconds after a retraining in which no other begins."""
        return 0.0 if self.cool_down == "0s" else seconds_of(self.cool_down)

    def rows_or_seconds(self) -> tuple[int | None, float | None]:
        """Return (rows, None) or (None, seconds)."""
        text = str(self.window)
        return (int(text), None) if _ROWS.match(text) else (None, seconds_of(text))


class Cause(Strict):
    """Why a model is trained again; `name` is what tells causes apart, none of which is acted on twice."""

    name: str = Field(max_length=128)
    trigger: Trigger
    why: str


class Taking(Strict):
    """What of a journal a retraining may see: labels up to number `last_label`, as of `as_of`, seconds since 1970.

    A run that takes over for one that died sees the same.
    """

    cause: Cause
    last_label: int
    as_of: float


class SourceRecord(Strict):
    """Who labelled, None where nobody said, and how many of the rows.

    `contradicted` of them have a label that neither the model in production nor one that learnt from the other new rows
    would give; `expected` is the share of such that was to be expected, None where nothing was judged.
    """

    source: str | None
    rows: int
    contradicted: int = 0
    expected: float | None = None
    p_value: float | None = None
    passed: bool = True
    why: str


class Collection(Strict):
    """What was taken from the journal and how it was joined with the rows of training.

    `labelled` rows were found, `left_out` says how many are not used, by reason. `new` and `original` count rows by
    set; `recent` of the new ones are for comparison only. `production` is the version whose inputs they have.
    """

    cause: Cause
    production: str
    last_label: int
    as_of: float
    labelled: int
    left_out: dict[str, int] = {}
    new: dict[str, int]
    original: dict[str, int]
    recent: int
    join: str
    share: float
    sources: list[SourceRecord]

    @property
    def refused(self) -> list[str]:
        """Why labels are not believed."""
        return [one.why for one in self.sources if not one.passed]


class RecentComparison(Strict):
    """The candidate and the version in production on recent rows, which neither was trained on."""

    rows: int
    candidate: Scores = {}
    production: Scores | None = None
    outcome: CheckOutcome


class LineageRecord(Strict):
    """Which labelled rows a version was trained on: the artifact that lists them, and the digest of its content."""

    collection: Collection
    artifact: str
    url: str
    digest: str
    rows: int


class RetrainingRecord(Strict):
    """What a summary says of a retraining: whether one was begun, for which cause, and why, or why not."""

    begun: bool
    cause: str | None = None
    trigger: Trigger | None = None
    why: str
    collection: Collection | None = None
    recent: RecentComparison | None = None
