"""Rolling origins: which windows teach, which calibrate and choose, which test. Light: NumPy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.forecast import SHORTEST_HISTORY
from schemas.frequency import Frequency

TRAIN, VALIDATION, TEST, NONE = "train", "validation", "test", ""


@dataclass(frozen=True)
class Origins:
    """How many origins test and validate, and how many points lie between two of them.

    Source:
        L. Tashman, Out-of-sample tests of forecasting accuracy, International Journal of Forecasting 16 (2000).
    """

    test: int
    validation: int
    stride: int

    def test_places(self, newest: int) -> NDArray[np.int64]:
        """Return where the origins lie that test, the newest first, (test,)."""
        return newest - np.arange(self.test) * self.stride

    def validation_places(self, newest: int, horizon: int) -> tuple[int, int]:
        """Return where the oldest and the newest origin lie that validate."""
        last = newest - (self.test - 1) * self.stride - horizon
        return last - (self.validation - 1) * self.stride, last

    def points(self, count: int, horizon: int) -> int:
        """Return how many points the targets of so many origins take."""
        return (count - 1) * self.stride + horizon

    def needed(self, history: int, horizon: int) -> int:
        """Return the points that a series must have for one training window before all the others."""
        return history + horizon + self.points(self.validation, horizon) + self.points(self.test, horizon)


def assign(at: NDArray[np.int64], horizon: int, origins: Origins) -> NDArray[np.str_]:
    """Return the set of every window by the place of its origin, (n,); "" for one that would blur two sets.

    The newest origin tests, and those before it at every `stride`. Validation has every origin from its oldest to its
    newest, whose last target comes before the first test origin's target; training has all whose targets end before the
    first validation target. So no set learns from, or is measured by, a point that another one is measured by.

    Args:
        at: Places of the origins, (n,).
        horizon: Points of a target.
        origins: What is declared.
    """
    sets = np.full(len(at), NONE, dtype="<U10")
    if not len(at):
        return sets
    newest = int(at.max())
    first, last = origins.validation_places(newest, horizon)
    sets[np.isin(at, origins.test_places(newest))] = TEST
    sets[(at >= first) & (at <= last)] = VALIDATION
    sets[at <= first - horizon] = TRAIN
    return sets


def cannot_carry(points: int, history: int, horizon: int, origins: Origins, frequency: Frequency) -> str | None:
    """Return why series of so many points carry no such backtest, with the arithmetic and what would; None: they do.

    Args:
        points: Of the longest series.
        history: Points that a forecast looks at.
        horizon: Points that it gives.
        origins: What is declared.
        frequency: Of the series.
    """
    needed = origins.needed(history, horizon)
    if points >= needed:
        return None
    ahead = frequency.points(horizon)
    parts = [
        f"{count} {name} origins take {_product(count, origins.stride, horizon)} points"
        for name, count in (("test", origins.test), ("validation", origins.validation))
    ]
    remedy = _remedy(points, history, horizon)
    return (
        f"{points:,} points a series cannot carry {origins.test} backtest origins of {ahead}: {parts[0]}, {parts[1]}, "
        f"and one training window {history} (history) + {horizon} (horizon) = {history + horizon}: "
        f"{needed:,} points in all; {remedy}"
    )


def _product(count: int, stride: int, horizon: int) -> str:
    return f"{count - 1} x {stride} + {horizon} = {(count - 1) * stride + horizon}"


def _remedy(points: int, history: int, horizon: int) -> str:
    if points >= Origins(1, 1, 1).needed(history, horizon):
        return "declare fewer origins or a smaller stride (split.origins, split.stride), or a shorter data.history"
    longest = (points - SHORTEST_HISTORY) // 3
    if longest < 1:
        return "so few points carry no forecast that could be tested; more of the past is needed"
    return (
        f"even one origin each needs {history + 3 * horizon}; a data.horizon of at most {longest} with a data.history "
        f"of {points - 3 * longest} could be tested once, anything longer needs more of the past"
    )
