"""What a forecast looks at and gives: kept in the schema of the windows and in the package."""

from typing import Literal

from schemas.base import Strict

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

    `zone` is where the times are, None where clocks never change; `parts` of the targets' times are features, `level`
    is the share of the targets that intervals are to cover. `stacked`: the model gives one value for the features of
    one step, else it gives all steps of a row of the matrix.
    """

    history: int
    horizon: int
    frequency: str
    zone: str | None = None
    parts: list[CalendarPart] = []
    level: float = 0.9
    stacked: bool = False
    intervals: Intervals | None = None
