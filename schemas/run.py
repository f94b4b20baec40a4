"""The frozen run: one experiment on one stack."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Name, Strict
from schemas.choice import Choice
from schemas.data import DataSpec, SplitSpec
from schemas.metrics import HIGHER_IS_BETTER
from schemas.stack import StackSpec

PipelineName = Literal["lifecycle", "training", "deployment", "monitoring"]
# The stack components that a pipeline uses.
NEEDED: dict[PipelineName, tuple[str, ...]] = {
    "lifecycle": ("deployer", "data_validator"),
    "training": ("data_validator",),
    "deployment": ("deployer",),
    "monitoring": ("data_validator",),
}
_WINDOW = re.compile(r"^([1-9][0-9]*)(s|m|h|d)?$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ProductionCheck(Strict):
    """The gate's comparison with the version in production, on the same rows."""

    tolerance: float = Field(default=0.0, ge=0)
    when_not_comparable: Literal["pass", "refuse"] = "pass"


class GateSpec(Strict):
    """What a candidate must satisfy; `max_size` is in MiB; `checks` are plug-in checks by registered name."""

    min: dict[str, float] = {}
    max: dict[str, float] = {}
    beat_baseline: bool = True
    no_worse_than_production: ProductionCheck | None = ProductionCheck()
    max_size: float | None = Field(default=None, gt=0)
    checks: list[Choice] = []

    @model_validator(mode="after")
    def _metrics_are_known(self) -> Self:
        unknown = sorted((set(self.min) | set(self.max)) - set(HIGHER_IS_BETTER))
        if unknown:
            raise ValueError(f"{unknown} are not metrics; known: {', '.join(sorted(HIGHER_IS_BETTER))}")
        return self


class DeploySpec(Strict):
    """Port and limits of the service, and how a new version takes over."""

    port: Annotated[int, Field(ge=1, le=65535)] | Literal["auto"] = "auto"
    rollout: Literal["replace"] = "replace"
    max_body: int = Field(default=10_000_000, ge=1_000, description="bytes")
    deadline: float = Field(default=10.0, gt=0, description="seconds")
    queue: int = Field(default=256, ge=1, description="requests in work before 429")
    journal_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"


class MonitorSpec(Strict):
    """The window of the journal and what counts as drift."""

    window: int | str = 1000
    min_rows: int = Field(default=50, ge=2)
    threshold: float = Field(
        default=0.15, gt=0, lt=1, description="smallest distance between distributions that matters"
    )
    significance: float = Field(default=0.01, gt=0, lt=1)
    unseen: float = Field(default=0.05, ge=0, le=1, description="share of unseen categories tolerated")
    out_of_range: float = Field(
        default=0.1, ge=0, le=1, description="share of values outside the training range tolerated"
    )

    @field_validator("window")
    @classmethod
    def _window_is_rows_or_a_span(cls, window: int | str) -> int | str:
        if not _WINDOW.match(str(window)):
            raise ValueError(f"{window!r} is neither a number of rows (500) nor a span (90s, 15m, 24h, 7d)")
        return window

    def rows_or_seconds(self) -> tuple[int | None, float | None]:
        """Return (rows, None) or (None, seconds)."""
        number, unit = _WINDOW.match(str(self.window)).groups()  # type: ignore[union-attr]
        return (int(number), None) if unit is None else (None, float(int(number) * _SECONDS[unit]))


class Run(Strict):
    """Everything a pipeline needs to know; nothing past `cli` sees the configuration tree."""

    name: Name
    seed: int = Field(ge=0, lt=2**32)
    metric: str
    pipeline: PipelineName
    data: DataSpec
    split: SplitSpec
    trainer: Choice
    baseline: Choice
    gate: GateSpec
    deploy: DeploySpec
    monitor: MonitorSpec
    stack: StackSpec
