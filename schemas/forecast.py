"""What a forecast looks at and gives: kept in the schema of the windows and in the package."""

from typing import Literal

from schemas.base import Strict
from schemas.frequency import parse_frequency

SHORTEST_HISTORY = 3
"""The fewest points that a forecast may look at."""
CalendarPart = Literal["year", "month", "weekday", "day", "hour", "day_of_year", "days_since_start"]


class Intervals(Strict):
    """Prediction intervals: how far their ends lie from each step's value, in units of the window's scale.

    `residuals` is how many backtested points the scarcest step had; `pooled`: all steps share one width, since those
    were too few.
    """

    level: float
    half_widths: list[float]
    residuals: int
    pooled: bool = False


class Forecast(Strict):
    """The last `history` points of a series give the next `horizon` ones, on the grid of `frequency`.

    `zone` is where the times are, None where clocks never change. `day` is the day of the month that points of months,
    quarters and years have, 31 the last; None of packages that do not say: it is the origin's own. `parts` of the
    targets' times are features; those that grow (the year) stand still from `until` on, the newest time of training.
    `level` is the share of the targets that intervals are to cover. `form` is what the model gives: `steps`, one value
    for the features of a step, or `rows`, all steps of a row, both in units of the window's scale; or `values`, all
    steps as they are.
    """

    history: int
    horizon: int
    frequency: str
    zone: str | None = None
    day: int | None = None
    parts: list[CalendarPart] = []
    until: str | None = None
    level: float = 0.9
    form: Literal["steps", "rows", "values"] = "values"
    intervals: Intervals | None = None

    @property
    def by_instant(self) -> bool:
        """Whether points are instants of a zone, so that an hour that comes twice is two: of minutes and hours."""
        return self.zone is not None and parse_frequency(self.frequency).unit in ("minute", "hour")
