"""`summary.json`: what a run leaves for programs."""

from typing import Literal

from schemas.base import Strict
from schemas.capacity import CapacityRecord
from schemas.evaluation import GateVerdict, Scores
from schemas.monitoring import ColumnDrift, Lost, Verdict
from schemas.package import Baseline
from schemas.release import Release
from schemas.retraining import RetrainingRecord

REUSED = 0.0
"""The seconds of a step whose outputs are those of an earlier run."""


class ModelRecord(Strict):
    """The registered version; `stage` is null until it is promoted."""

    name: str
    version: str
    stage: str | None


class MetricsRecord(Strict):
    """Metrics by set and bootstrap intervals by set and metric."""

    validation: Scores | None = None
    test: Scores | None = None
    intervals: dict[str, dict[str, tuple[float, float]]] = {}


class DeploymentRecord(Strict):
    """Where the service answers and what it serves."""

    url: str
    releases: list[Release]


class MonitoringRecord(Strict):
    """The verdict, the columns behind it, the path of the report, and what the window lacks."""

    verdict: Verdict
    columns: list[ColumnDrift]
    report: str | None
    lost: Lost | None = None


class Summary(Strict):
    """One run; what a pipeline does not produce is null, and a reused step took `REUSED` seconds."""

    experiment: str
    pipeline: str
    stack: str
    status: Literal["succeeded", "failed", "refused"]
    error: str | None = None
    model: ModelRecord | None = None
    baseline: Baseline | None = None
    metrics: MetricsRecord | None = None
    gate: GateVerdict | None = None
    deployment: DeploymentRecord | None = None
    monitoring: MonitoringRecord | None = None
    capacity: CapacityRecord | None = None
    retraining: RetrainingRecord | None = None
    seconds: dict[str, float] = {}
    runs: list[str] = []
