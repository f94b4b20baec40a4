"""What is declared of a service: where it listens, what it takes, and how a new version takes over."""

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Strict
from schemas.latency import WatchedBudget
from schemas.lookups import LookupSpec, require_fitting_each_other
from schemas.rollout import RolloutSpec


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
        "long, as many as are answered in a 100th of it. Up to 64 clients wait for each other, 8 "
        "requests always, 2 while too many come",
    )
    latency_budget: WatchedBudget = Field(
        default=0.1,
        description="seconds within which 99 of 100 requests are to be answered; what alerts and `pipeline=capacity` "
        "go by, no request is cut off. Latencies are counted in buckets up to 10 s, beyond which no alert tells more",
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
    def lookup_seconds(self) -> float:
        """Seconds that all lookups of a request take at most."""
        return sum(one.timeout for one in self.lookups)

    @property
    def held(self) -> int:
        """Bytes of bodies that may be held at once."""
        return max(self.max_bodies, self.max_body)

    @property
    def is_exposed(self) -> bool:
        """Whether other machines may reach the service."""
        return not ip_address(self.host).is_loopback
