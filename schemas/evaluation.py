"""What was measured of a model, what the gate and the data checks found."""

from typing import Literal

from schemas.base import Scalar, Severity, Strict
from schemas.data import Column

Scores = dict[str, float | None]
CheckState = Literal["failed", "warning", "held"]


class InputImportance(Strict):
    """How much worse `metric` gets when one input's values are shuffled among the rows, and the 95 % interval."""

    input: str
    drop: float
    interval: tuple[float, float]


class Importance(Strict):
    """Permutation importance on the validation set: how much the model relies on each input, the most first.

    `score` is the metric of the untouched rows, `rows` and `repeats` what it was measured on. `left_out` inputs
    mattered less than those listed. `why_not`: what kept it from being measured.
    """

    metric: str
    score: float | None = None
    rows: int = 0
    repeats: int = 0
    inputs: list[InputImportance] = []
    left_out: int = 0
    why_not: str | None = None


class Evaluation(Strict):
    """Metrics by set, with bootstrap intervals; metric names are scikit-learn's, errors without `neg`.

    `importance`: what the model relies on, measured on the validation set; None of a baseline and in older packages.
    """

    metrics: dict[Literal["validation", "test"], Scores]
    intervals: dict[Literal["validation", "test"], dict[str, tuple[float, float]]] = {}
    rows: dict[Literal["train", "validation", "test"], int] = {}
    importance: Importance | None = None


class EvaluationDetails(Strict):
    """What the evaluation page shows of the test set beside metrics: inline SVG by caption, and what goes to review."""

    pictures: dict[str, str] = {}
    review: list[str] = []


class Ceiling(Strict):
    """The best score that any model can have which reads these columns, found from rows with equal inputs.

    Attributes:
        metric: `accuracy` for classes, `r2` for numbers.
        value: The ceiling, with its 95 % interval `low` to `high`.
        disagreement: Of classes the share of pairs of equal rows with other labels, of numbers the variance of the
            target among equal rows.
        groups: How many inputs come more than once.
        share: The share of all rows that have such inputs.
    """

    metric: Literal["accuracy", "r2"]
    value: float
    low: float
    high: float
    disagreement: float
    groups: int
    share: float


class CheckOutcome(Strict):
    """One gate check: what it saw, what was asked, and why it passed or not, for a person."""

    name: str
    value: float | None
    threshold: float | None
    passed: bool
    why: str


class GateVerdict(Strict):
    """The gate's verdict; it passed when every check did."""

    passed: bool
    checks: list[CheckOutcome]

    @property
    def reasons(self) -> list[str]:
        """Why it refused, each reason once: two checks can stumble over the same."""
        return list(dict.fromkeys(check.why for check in self.checks if not check.passed))


class DataCheck(Strict):
    """One data check's outcome: the `value` found, which is the number of rows that broke it where rows are counted.

    `threshold` is the bound declared; `column` is None for a check of the whole table.
    """

    name: str
    column: str | None = None
    severity: Severity
    passed: bool
    value: Scalar | None = None
    threshold: Scalar | None = None
    message: str


class SeriesReport(Strict):
    """What was found of series before windows were made of them: rows of the table, series, and the checks."""

    rows: int
    series: int
    checks: list[DataCheck]


class DataReport(Strict):
    """All data checks of one run; `passed` is false when a check with severity `fail` did not hold.

    `sets` counts how many of the rows are in each set; rows in none are left over by a split that keeps sets apart.
    `ceiling` is None where too few rows have equal inputs.
    """

    passed: bool
    rows: int
    sets: dict[Literal["train", "validation", "test"], int] = {}
    columns: list[Column]
    checks: list[DataCheck]
    ceiling: Ceiling | None = None
