"""How much a service is loaded to see what it can do, and what came of it."""

from pydantic import Field

from schemas.base import Strict


class CapacitySpec(Strict):
    """How `pipeline=capacity` loads a copy of the service, and what is expected of it."""

    latency_budget: float | None = Field(
        default=None, gt=0, le=3_600, description="seconds for 99 of 100 requests; null: that of deploy"
    )
    seconds: float = Field(default=45.0, ge=2, le=3_600, description="that the load may take, all of it")
    requests: int = Field(default=500_000, ge=1_000, description="that are sent at most")
    rows: int = Field(default=1, ge=1, le=10_000, description="of each request, taken from the package's sample rows")
    headroom: float = Field(
        default=0.7, gt=0, le=1, description="share of what a replica can do that it is planned for"
    )
    usual: float | None = Field(default=None, gt=0, description="requests a second that are usual; null: not known")
    peak: float | None = Field(default=None, gt=0, description="requests a second at the most; null: not known")


class Trial(Strict):
    """One rate of requests that was tried; seconds are of the clock, latencies in seconds.

    `rate` is what was asked for a second, `answered` how many got a 200, `refused` the others by what came instead.
    `late` is for how long the 99th of 100 requests was due before the client sent it. `began` and `ended` are times of
    the machine's monotonic clock; it ended when the last of them was answered: what was only taken on is not done.
    """

    rate: float
    began: float
    ended: float
    sent: int
    answered: int
    refused: dict[str, int] = {}
    p50: float | None = None
    p99: float | None = None
    late: float = 0.0
    cut_off: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    def holds(self, budget: float) -> bool:
        """Say whether all was answered, and 99 of 100 within the budget."""
        return not (self.cut_off or self.refused) and self.p99 is not None and self.p99 <= budget

    def is_of_the_client(self, budget: float) -> bool:
        """Say whether the client was what could do no more."""
        return self.late > max(0.005, 0.2 * budget)


class CapacityRecord(Strict):
    """What one replica can do.

    `requests_per_second` is the largest rate at which 99 of 100 requests were answered within `latency_budget` seconds;
    `at_least` says that the client could do no more, or the time was over. `memory_bytes` is the most that all of the
    replica's processes took, `cpu_cores` what they took at that rate, `start_seconds` the time from its start to its
    first answer. `planned` is the share of the rate that autoscaling goes by. `autoscaler` is the file of manifests.
    """

    version: str
    requests_per_second: float
    at_least: bool
    latency_budget: float
    rows_per_request: int
    p50_seconds: float
    p99_seconds: float
    memory_bytes: int
    cpu_cores: float
    start_seconds: float
    planned: float
    min_replicas: int
    max_replicas: int
    sent: int
    report: str | None = None
    autoscaler: str | None = None
