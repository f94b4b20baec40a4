"""What monitoring says of a window of predictions."""

from typing import Literal

from schemas.base import Strict
from schemas.data import ColumnType

Verdict = Literal["ok", "drift", "no_verdict", "schema_alarm"]
SEVERITY: tuple[Verdict, ...] = ("schema_alarm", "drift", "no_verdict", "ok")


class ColumnDrift(Strict):
    """One column of a window against the reference profile; `why` is for a person.

    `value` of `statistic` alarms when it is above `threshold` and `adjusted_p_value` (for the number of questions
    asked of the whole window) below the monitor's significance. Shares are of the window's rows (missing) or of its
    values that are not missing.
    """

    column: str
    kind: ColumnType | None = None
    verdict: Verdict
    statistic: str | None = None
    value: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    threshold: float | None = None
    missing_share: float | None = None
    reference_missing_share: float | None = None
    unseen_share: float | None = None
    out_of_range_share: float | None = None
    why: str


class Distribution(Strict):
    """Shares before and after, for a picture: of bins between `edges` (numbers, days since 1970 for dates) or of
    `labels`.

    The first and the last bin hold what lies beyond them too. An empty side has shares of 0.
    """

    column: str
    kind: ColumnType
    edges: list[float] = []
    labels: list[str] = []
    reference: list[float]
    window: list[float]


class MonitoringReport(Strict):
    """The verdict over a window; `predictions` is the drift of the model's own answers."""

    model: str
    version: str
    verdict: Verdict
    why: str
    rows: int
    first: str | None = None
    last: str | None = None
    columns: list[ColumnDrift]
    predictions: ColumnDrift | None = None
    distributions: list[Distribution] = []
    prediction_distributions: list[Distribution] = []
