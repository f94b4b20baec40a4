"""The frozen run: one experiment on one stack."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.alert import AlertSpec
from schemas.base import Name, Strict
from schemas.capacity import CapacitySpec
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.deploy_spec import DeploySpec
from schemas.journal_spec import JournalSpec
from schemas.metrics import HIGHER_IS_BETTER
from schemas.pipelines import PIPELINES, PipelineSpec
from schemas.spans import span_seconds
from schemas.split_spec import SplitSpec
from schemas.stack import StackSpec

if TYPE_CHECKING:
    PipelineName = str
else:
    PipelineName = Literal[tuple(PIPELINES)]
_ROWS = re.compile(r"[1-9][0-9]*")


class ProductionCheck(Strict):
    """The gate's comparison with the version in production, on the same rows."""

    tolerance: float = Field(default=0.0, ge=0, description="loss that is let through, in the metric's unit")
    when_not_comparable: Literal["pass", "refuse"] = Field(
        default="pass", description="when no rows are left that neither version was trained on"
    )


class GateSpec(Strict):
    """What a candidate must satisfy; `max_size` is in MiB; `checks` are plug-in checks by registered name."""

    min: dict[str, float] = Field(default={}, description="smallest value of a metric on the test set, by metric")
    max: dict[str, float] = Field(default={}, description="largest value of a metric on the test set, by metric")
    beat_baseline: bool = Field(default=True, description="whether it must be better than the baseline in `metric`")
    no_worse_than_production: ProductionCheck | None = Field(
        default=ProductionCheck(), description="the comparison on the same rows; false or null: none"
    )
    max_size: float | None = Field(default=None, gt=0, description="MiB of the package")
    checks: list[Choice] = Field(default=[], description="checks of installed packages, each under its own name")

    @model_validator(mode="after")
    def _metrics_are_known(self) -> Self:
        unknown = sorted((set(self.min) | set(self.max)) - set(HIGHER_IS_BETTER))
        if unknown:
            raise ValueError(f"{unknown} are not metrics; known: {', '.join(sorted(HIGHER_IS_BETTER))}")
        return self

    @property
    def choices(self) -> list[Choice]:
        """Every check that is switched on, ours and those of installed packages, by its registered name."""
        compared = self.no_worse_than_production
        own: dict[str, dict[str, Any] | None] = {
            "min": dict(self.min) or None,
            "max": dict(self.max) or None,
            "beat_baseline": {} if self.beat_baseline else None,
            "no_worse_than_production": None if compared is None else compared.model_dump(),
            "max_size": None if self.max_size is None else {"mib": self.max_size},
        }
        return [*(Choice(name=name, params=params) for name, params in own.items() if params is not None), *self.checks]


class MonitorSpec(Strict):
    """The window of the journal and what counts as drift."""

    window: int | str = Field(default=1000, description="the last so many rows (500), or a span: 90s, 15m, 24h, 7d")
    min_rows: int = Field(default=50, ge=2, description="fewer rows give no verdict")
    min_labels: int = Field(
        default=30, ge=2, description="fewer labelled predictions give no verdict on predictions against labels"
    )
    compared: int = Field(
        default=5, ge=1, description="versions compared with labels: the newest that have some, and that in production"
    )
    threshold: float = Field(
        default=0.15, gt=0, lt=1, description="smallest distance between distributions that matters"
    )
    significance: float = Field(
        default=0.01, gt=0, lt=1, description="how improbable by chance a distance must be, over all hypothesis tests"
    )
    missing: float = Field(
        default=0.05, ge=0, le=1, description="tolerated difference from the share of missing values in training"
    )
    unseen: float = Field(default=0.05, ge=0, le=1, description="share of unseen categories tolerated")
    out_of_range: float = Field(
        default=0.1, ge=0, le=1, description="share of values outside the training range tolerated"
    )
    alert: AlertSpec = AlertSpec()

    @field_validator("window")
    @classmethod
    def _window_is_rows_or_a_span(cls, window: int | str) -> int | str:
        if not _ROWS.fullmatch(str(window)) and span_seconds(str(window)) is None:
            raise ValueError(f"{window!r} is neither a number of rows (500) nor a span (90s, 15m, 24h, 7d)")
        return window

    def rows_or_seconds(self) -> tuple[int | None, float | None]:
        """Return (rows, None) or (None, seconds)."""
        seconds = span_seconds(str(self.window))
        return (int(self.window), None) if seconds is None else (None, seconds)


class ReviewSpec(Strict):
    """Which predictions are routed to review: those less sure than a threshold chosen on the validation set."""

    max_error: float = Field(gt=0, lt=1, description="largest error of the predictions kept, with 90 % confidence")
    min_rows: int = Field(default=30, ge=1, description="fewest confident validation rows that a threshold rests on")


class PackageSpec(Strict):
    """Bounds of the packaged form of a model."""

    memory: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        default="auto",
        description="MiB that making it may take, as estimated before; past them the next runtime is taken, or none. "
        "auto: three quarters of what is free",
    )


class BatchSpec(Strict):
    """Rows that `pipeline=batch_inference` predicts, where predictions go, and where what is wrong with a row goes."""

    input: Choice = Field(description="a data source, declared as under `data`")
    output: Choice = Field(description="a data sink; nothing that exists is overwritten, unless with its key replace")
    errors: str | None = Field(default=None, description="CSV file of the rows refused; null: beside the output")
    piece: int = Field(default=50_000, ge=1, description="rows held in memory at a time; CSV input is read whole")


class Run(Strict):
    """Everything a pipeline needs to know; nothing past `cli` sees the configuration tree."""

    name: Name = Field(description="the model's name: lower-case letters, digits, _ and -")
    seed: int = Field(ge=0, lt=2**32, description="every random choice of training; never which rows are test rows")
    metric: str = Field(description="what gate and sweeps rank by; auto: by the task")
    pipeline: PipelineName
    data: DataSpec
    split: SplitSpec
    trainer: Choice
    baseline: Choice = Field(description="what a model must beat; auto: the most frequent class, or the mean")
    review: ReviewSpec | None = None
    package: PackageSpec = PackageSpec()
    gate: GateSpec
    deploy: DeploySpec
    monitor: MonitorSpec
    journal: JournalSpec = JournalSpec()
    batch: BatchSpec | None = None
    capacity: CapacitySpec = CapacitySpec()
    stack: StackSpec

    @property
    def spec(self) -> PipelineSpec:
        """What the pipeline is."""
        return PIPELINES[self.pipeline]
