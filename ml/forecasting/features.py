"""Windows as features of every step ahead, and the level and scale that are taken out of a window and put back.

Nothing is looked at but the history up to the origin and the calendar of the targets, which is known beforehand.
The service imports this: NumPy and the standard library only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.calendar_features import calendar, calendar_names, parts_of, position
from ml.forecasting.grid import Timestamps, later
from ml.forecasting.panel import wall_times
from ml.forecasting.windows import fill_gaps
from schemas.forecast import CalendarPart, Forecast
from schemas.frequency import Frequency, parse_frequency

Floats = NDArray[np.float64]
_AT_ONCE = 8_192
_FLAT = 1e-9
"""A scale below this share of the level is rounding: the series stood still."""
_QUIET = 0.02
"""A scale below this share of the series' usual one is no measure of what comes: it stood still as well."""
_CONSTANT = 1e-6
"""The scale of a series that never changed, as a share of its level: it is expected to go on."""
_STATISTICS = ("mean", "std", "min", "max")


@dataclass(frozen=True)
class WindowFeatures:
    """What is computed of a window of `history` points for `horizon` steps ahead.

    A row of the matrix holds, in this order: the level and the scale of the window (`FIRST`), the code of the series,
    the features of the whole window, and for each step the features of that step.
    """

    history: int
    horizon: int
    frequency: Frequency
    zone: str | None = None
    parts: tuple[CalendarPart, ...] | None = None
    """Of the targets' times; None: those that matter at the frequency."""
    until: np.datetime64 | None = None
    """From here on the parts that grow stand still."""
    day: int | None = None
    """Day of the month that the grid's points have."""

    FIRST = ("level", "scale", "series")

    @classmethod
    def of(cls, forecast: Forecast) -> Self:
        """Return what a schema or a package says."""
        frequency = parse_frequency(forecast.frequency)
        until = None if forecast.until is None else np.datetime64(forecast.until, "us")
        return cls(
            forecast.history, forecast.horizon, frequency, forecast.zone, tuple(forecast.parts), until, forecast.day
        )

    @property
    def season(self) -> int:
        """Points of a season, 1 where the history does not hold one."""
        season = self.frequency.season
        return season if season <= self.history else 1

    @property
    def calendar_parts(self) -> Sequence[CalendarPart]:
        """The parts of the targets' times that are features."""
        return parts_of(self.frequency) if self.parts is None else self.parts

    @property
    def lags(self) -> list[int]:
        """How many points before the next one each lag lies: the last few, and those about one and two seasons ago."""
        season = self.season
        near = range(1, min(4, self.history) + 1)
        around = [lag for times in (1, 2) for lag in (times * season - 1, times * season, times * season + 1)]
        return sorted({lag for lag in [*near, *around] if 1 <= lag <= self.history})

    @property
    def spans(self) -> list[int]:
        """The lengths of the last stretches of the window that rolling statistics are of."""
        return sorted({min(span, self.history) for span in (3, self.season, self.history) if span > 1} or {1})

    @property
    def seasons_back(self) -> int:
        """How many seasons before a step are looked at, 0 where there is no season."""
        return 0 if self.season == 1 else min(3, self.history // self.season)

    @property
    def window_names(self) -> list[str]:
        """The features of the whole window, in order."""
        return [*(f"lag.{lag}" for lag in self.lags), *(f"{name}.{span}" for name, span in self._statistics)]

    @property
    def _statistics(self) -> list[tuple[str, int]]:
        """Statistics of stretches, without those that are always 0 and 1: what was taken out as level and scale.

        Their rounding would be all that differs between windows, and whoever standardises features would magnify it.
        """
        taken_out = {("mean", level_span(self.history, self.season)), ("std", self.history)}
        every = [(name, span) for span in self.spans for name in _STATISTICS]
        return [one for one in every if one not in taken_out]

    @property
    def step_names(self) -> list[str]:
        """The features of one step, in order."""
        seasonal = [f"season.{back}" for back in range(1, self.seasons_back + 1)]
        return [*seasonal, *calendar_names(self.calendar_parts), "position", "step"]

    @property
    def names(self) -> list[str]:
        """All columns of a row, in order."""
        steps = [f"{name}.h{step}" for step in range(1, self.horizon + 1) for name in self.step_names]
        return [*self.FIRST, *self.window_names, *steps]

    def target_times(self, origins: Timestamps) -> Timestamps:
        """Return when the next points of origins, (n,), are, (n, H); both as the grid counts times."""
        return later(origins[:, None], np.arange(1, self.horizon + 1)[None, :], self.frequency, self.day)

    def matrix(
        self, history: Floats, origins: Timestamps, series: NDArray[np.int64], usual: Floats | None = None
    ) -> NDArray[np.float32]:
        """Return the features of windows, (n, columns) in the order of `names`.

        Args:
            history: The last `history` points of each, the newest last, (n, L); NaN is filled by the value before it.
            origins: When the newest point was, as the grid counts times, (n,).
            series: Codes of the series, (n,).
            usual: The scale that windows of the series usually have, (n,), for those that stood still; None: unknown.
        """
        found = np.empty((len(history), len(self.names)), dtype=np.float32)
        first = len(self.FIRST)
        after = first + len(self.window_names)
        for rows in self._chunks(len(history)):
            # The points of a window lie on the first axis, so that every operation runs over many windows at once.
            points = fill_gaps(history[rows]).T.copy()
            level, scale = level_and_scale(points, self.season, None if usual is None else usual[rows])
            points -= level
            points /= scale
            found[rows, 0], found[rows, 1], found[rows, 2] = level, scale, series[rows]
            found[rows, first:after] = self._of_window(points).T
            found[rows, after:] = self._of_steps(points, origins[rows])
        return found

    def _chunks(self, rows: int) -> Iterator[slice]:
        """Chunks stay in the processor's cache."""
        return (slice(start, start + _AT_ONCE) for start in range(0, rows, _AT_ONCE))

    def _of_window(self, points: Floats) -> Floats:
        rows = [points[-lag] for lag in self.lags]
        rows += [getattr(points[-span:], name)(axis=0) for name, span in self._statistics]
        return np.stack(rows)

    def _of_steps(self, points: Floats, origins: Timestamps) -> NDArray[np.float32]:
        """Return the features of all steps, (n, H * features of a step)."""
        steps = np.arange(1, self.horizon + 1)
        found = np.empty((points.shape[1], self.horizon, len(self.step_names)), dtype=np.float32)
        for back in range(self.seasons_back):
            found[:, :, back] = points[self.history - 1 + self._same_season(steps, back + 1)].T
        distinct, which = np.unique(origins.astype("datetime64[us]"), return_inverse=True)
        found[:, :, self.seasons_back :] = self._of_calendar(distinct, steps)[which]
        return found.reshape(points.shape[1], -1)

    def _of_calendar(self, origins: Timestamps, steps: NDArray[np.int64]) -> NDArray[np.float32]:
        wall = wall_times(self.target_times(origins), self.frequency, self.zone)
        known = [
            calendar(wall, self.calendar_parts, self.until),
            position(wall, self.frequency)[:, :, None].astype(np.float64),
        ]
        ahead = np.broadcast_to(steps[None, :, None], (*wall.shape, 1))
        return np.concatenate([*known, ahead], axis=2).astype(np.float32)

    def _same_season(self, steps: NDArray[np.int64], back: int) -> NDArray[np.int64]:
        """Return how far from the origin the point lies that is so many whole seasons before each step, at most 0."""
        nearest = steps - self.season * -(-steps // self.season)
        further = nearest - self.season * (back - 1)
        return np.where(further > -self.history, further, nearest)


def level_span(history: int, season: int) -> int:
    """Return of how many last points the level is the mean: a season, or a few."""
    return season if season > 1 else min(4, history)


def level_and_scale(points: Floats, season: int, usual: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the mean of the last season and the standard deviation of each window, (n,) both; the scale is never 0.

    Both are rounded to float32, so that a matrix of features holds the very numbers.

    Args:
        points: Windows without gaps, the points on the first axis, the newest last, (L, n).
        season: Points of a season.
        usual: The scale that windows of the series usually have, (n,), which one that stood still gets; 0 where the
            series never changed. None: unknown, such a window gets its level as the scale.
    """
    level = points[-level_span(len(points), season) :].mean(axis=0)
    scale = points.std(axis=0)
    still = scale <= _FLAT * np.maximum(np.abs(level), 1e-30)
    large = np.maximum(np.abs(level), 1.0)
    if usual is None:
        scale = np.where(still, large, scale)
    else:
        scale = np.where(still | (scale < _QUIET * usual), np.maximum(usual, _CONSTANT * large), scale)
    return level.astype(np.float32).astype(np.float64), scale.astype(np.float32).astype(np.float64)
