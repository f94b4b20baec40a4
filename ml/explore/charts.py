"""The ends of a histogram's axis, and where the marks of the page's own bars lie."""

from collections.abc import Sequence

from ml.explore.calendar import shown_day
from schemas.exploration import Bars, Group
from schemas.numbers import shown


def axis(bars: Bars) -> list[str]:
    """Return what stands at the left end, in the middle and at the right end of a histogram."""
    low, high = bars.edges[0], bars.edges[-1]
    if low == high:
        return [_point(low, bars)]
    return [_point(low, bars), _point((low + high) / 2, bars), _point(high, bars)]


def spreads(groups: Sequence[Group], mean: float) -> tuple[list[tuple[float, float, float]], float]:
    """Return for each group where its quartiles and its mean lie, in % of the axis, and where `mean` lies.

    Returns:
        For each group (left end, width, mean), each between 0 and 100; and the mean of all rows.
    """
    points = [point for group in groups for point in (group.low, group.mean, group.high) if point is not None]
    low, high = min([*points, mean]), max([*points, mean])
    room = (high - low) or 1.0

    def place(value: float | None) -> float:
        return round(2 + 96 * ((value if value is not None else mean) - low) / room, 2)

    made = [
        (place(group.low), round(max(place(group.high) - place(group.low), 0.6), 2), place(group.mean))
        for group in groups
    ]
    return made, place(mean)


def _point(value: float, bars: Bars) -> str:
    return shown_day(value) if bars.kind == "dates" else shown(value)
