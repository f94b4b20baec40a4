"""The frozen run: one experiment on one stack."""

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Name, Strict
from schemas.capacity import CapacitySpec
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.journal_spec import JournalSpec
from schemas.lookups import LookupSpec, require_fitting_each_other
from schemas.metrics import HIGHER_IS_BETTER
from schemas.pipelines import PIPELINES, PipelineSpec
from schemas.rollout import RolloutSpec
from schemas.split_spec import SplitSpec
from schemas.stack import StackSpec

if TYPE_CHECKING:
    PipelineName = str
else:
    PipelineName = Literal[tuple(PIPELINES)]
_WINDOW = re.compile(r"^([1-9][0-9]*)(s|m|h|d)?$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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


class DeploySpec(Strict):
    """Address, port and limits of the service, and how a new version takes over."""

    host: str = Field(
        default="127.0.0.1",
        description="address to listen at; 0.0.0.0: at every one of this machine. One that other machines reach needs "
        "keys (python -m serving key add NAME) or deploy.open",
    )
    open: bool = Field(
        default=False, description="whether to start without keys where other machines reach the service"
    )
    port: Annotated[int, Field(ge=1, le=65535)] | Literal["auto"] = Field(
        default="auto", description="auto: a free one, kept across versions"
    )
    rollout: RolloutSpec | Literal["replace", "canary", "shadow", "staged"] = Field(
        default="replace",
        description="how a new version takes over: at once, as a candidate that answers `share` of the requests, or as "
        "a shadow whose answers are only journalled, which an operator promotes or withdraws; or by stages, given "
        "here (docs/rollouts.md) or, with staged, the default ones, which evidence ends either way",
    )
    share: float = Field(default=0.1, gt=0, lt=1, description="of the requests that a canary answers")
    route_by: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9-]{1,100}$",
        description="header by whose value a canary's requests are chosen, so that one customer always meets one "
        "version; without it, or where a request lacks it, each request is chosen by itself",
    )
    max_body: int = Field(default=10_000_000, ge=1_000, description="bytes of a request")
    max_rows: int = Field(default=10_000, ge=1, description="rows of a request")
    max_package: int = Field(default=2_000_000_000, ge=1_000, description="bytes of a package that is published")
    load_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="seconds that fetching and loading a package may take"
    )
    load_memory: int = Field(
        default=4_000_000_000, ge=100_000_000, description="bytes of memory that loading a package may take"
    )
    max_answer: int = Field(default=16_000_000, ge=1_000, description="bytes of an answer to /predict")
    deadline: float = Field(default=10.0, gt=0, description="seconds until 504")
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="processes that answer at the service's port; max_bodies, max_connections and queue are of each",
    )
    drain_seconds: float = Field(
        default=0.5,
        ge=0,
        le=3600,
        description="seconds for which a service that was told to stop still takes connections, not ready any more; "
        "behind a load balancer, longer than it takes to notice that",
    )
    max_wait: float = Field(
        default=0.5,
        gt=0,
        description="seconds that a burst of requests may wait before 429; where more come than can be answered for so "
        "long, as many as are answered in a 25th of it. Up to 64 connections wait for each other, 8 requests always",
    )
    latency_budget: float = Field(
        default=0.1,
        gt=0,
        le=3_600,
        description="seconds within which 99 of 100 requests are to be answered; what alerts and `pipeline=capacity` "
        "go by, no request is cut off",
    )
    queue: int = Field(default=256, ge=1, description="requests in work before 429; one counts once its body is there")
    max_bodies: int = Field(
        default=64_000_000,
        ge=1_000,
        description="bytes of bodies received or in work at once before 429 (one of max_body always may), and as many "
        "of answers that are not read yet",
    )
    max_connections: int = Field(
        default=1_000, ge=1, description="connections at once; more get 503, but /livez, /readyz and /metrics"
    )
    max_header: int = Field(
        default=16_384, ge=1_000, description="bytes of a request's line and headers, which may be 100"
    )
    header_timeout: float = Field(
        default=10.0, gt=0, description="seconds for a request's line and headers to arrive, before 408"
    )
    access_log: bool = Field(
        default=False, description="whether each request gets a line of JSON on standard output, in the service's log"
    )
    lookups: list[LookupSpec] = Field(
        default=[],
        description="columns that are looked up by a key before the model is asked, where a request leaves them out",
    )
    telemetry: bool = Field(
        default=False,
        description="whether spans and metrics are sent by OTLP/HTTP to where OTEL_EXPORTER_OTLP_ENDPOINT says, and "
        "the journal keeps the `traceparent` of requests",
    )
    journal_synchronous: Literal["NORMAL", "FULL"] = Field(
        default="NORMAL", description="NORMAL survives a killed process, FULL a power cut"
    )

    @field_validator("host")
    @classmethod
    def _host_is_an_address(cls, host: str) -> str:
        try:
            return str(ip_address(host))
        except ValueError:
            raise ValueError(
                f"{host!r} is no address; 127.0.0.1 is this machine alone, 0.0.0.0 every address that it has"
            ) from None

    @model_validator(mode="after")
    def _lookups_fit_each_other(self) -> Self:
        require_fitting_each_other(self.lookups, self.deadline)
        return self

    @property
    def stages(self) -> RolloutSpec | None:
        """What is declared of a rollout by stages, None where a new version takes over otherwise."""
        if isinstance(self.rollout, RolloutSpec):
            return self.rollout
        return RolloutSpec() if self.rollout == "staged" else None

    @property
    def held(self) -> int:
        """Bytes of bodies that may be held at once."""
        return max(self.max_bodies, self.max_body)

    @property
    def is_exposed(self) -> bool:
        """Whether other machines may reach the service."""
        return not ip_address(self.host).is_loopback


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
