"""What monitoring finds in a window of predictions."""

from typing import Literal

from schemas.base import Strict
from schemas.column_types import ScalarType
from schemas.evaluation import Scores

Verdict = Literal["ok", "drift", "no_verdict", "schema_alarm"]
SEVERITY: tuple[Verdict, ...] = ("schema_alarm", "drift", "no_verdict", "ok")


class ColumnDrift(Strict):
    """One column of a window against the reference profile; `why` is for a person.

    `value` of `statistic` alarms when it is above `threshold` and `adjusted_p_value` (for the number of
    hypothesis tests of the whole window) below the monitor's significance. Shares are of the window's rows (missing) or
    of its values that are not missing.
    """

    column: str
    kind: ScalarType | None = None
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


class DetectableChange(Strict):
    """The smallest change of a column that at least four of five windows like this one show.

    `value` is the change as `statistic` measures it; for numbers it is a shift of all values by `shift`, in the
    column's unit, which is so many standard `deviations` of training. `why` is what a person calls the change.
    """

    column: str
    statistic: str
    value: float
    shift: float | None = None
    deviations: float | None = None
    why: str


class Distribution(Strict):
    """Shares before and after, for a picture.

    They are of bins between `edges` (numbers, days since 1970 for dates) or of `labels`. The first and the last bin
    hold what lies beyond them too. An empty side has shares of 0; a page draws no picture where that is the window.
    """

    column: str
    kind: ScalarType
    edges: list[float] = []
    labels: list[str] = []
    reference: list[float]
    window: list[float]


class Performance(Strict):
    """Predictions of one version against the labels that have arrived for them.

    `labelled` of `predictions`, counted from the first labelled one on (`first` to `last`), have a label;
    `handed_over` are the shares that needed review, of the labelled and of all of them. `value` and `interval` (95 %,
    bootstrap) are of `metric`; `scores` holds every metric of the task. `expected` is what the version scored on its
    test set, with that interval. The verdict is `drift` when the whole interval is worse than the whole expected one,
    `no_verdict` when too few labels have arrived or the version is not the one in production.
    """

    version: str
    labelled: int
    predictions: int
    metric: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    expected: float | None = None
    expected_interval: tuple[float, float] | None = None
    scores: Scores = {}
    handed_over: tuple[float, float] | None = None
    first: str | None = None
    last: str | None = None
    verdict: Verdict
    why: str


class Review(Strict):
    """How many predictions of the window were routed to review, and how many the validation set led to expect."""

    handed_over: int
    share: float
    expected_share: float | None = None


class Lost(Strict):
    """What was answered in the time of a window and is not in the journal: its policy is `drop`, and it took nothing.

    `first` and `last` are ISO 8601, `reasons` requests by reason.
    """

    requests: int
    rows: int
    first: str
    last: str
    reasons: dict[str, int]


class MonitoringReport(Strict):
    """The verdict over a window; `predictions` is the drift of the model's own predictions.

    `detectable` has the smallest change that would have been found, for each column and hypothesis test that was run;
    `prediction_detectable` the same of the predictions. What is smaller may be there.
    `performance` has one entry for each version with labels, the version of this report first; empty: no label arrived.
    `lost` is what the window lacks, None where it is whole.
    """

    model: str
    version: str
    verdict: Verdict
    why: str
    rows: int
    first: str | None = None
    last: str | None = None
    columns: list[ColumnDrift]
    predictions: ColumnDrift | None = None
    detectable: list[DetectableChange] = []
    prediction_detectable: list[DetectableChange] = []
    distributions: list[Distribution] = []
    prediction_distributions: list[Distribution] = []
    performance: list[Performance] = []
    review: Review | None = None
    lost: Lost | None = None
