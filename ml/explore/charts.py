"""Small pictures as inline SVG, and widths for the page's own bars; they hold figures only, no text of the data."""

from collections.abc import Sequence

from markupsafe import Markup

from ml.explore.calendar import shown_day
from schemas.exploration import Bars, Group
from schemas.numbers import shown

_WIDTH, _HEIGHT = 10, 100


def histogram(counts: Sequence[int], title: str) -> Markup:
    """Return bars side by side that fill the room given to them; a count that is not 0 can always be seen."""
    top = max([*counts, 1])
    path = "".join(
        f"M{place * _WIDTH + 0.5:g} {_HEIGHT}V{_HEIGHT - max(count / top * (_HEIGHT - 2), 1.5):.1f}"
        f"h{_WIDTH - 1}V{_HEIGHT}z"
        for place, count in enumerate(counts)
        if count
    )
    return Markup(
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"><title>{}</title><path d="{}"/></svg>'
    ).format(len(counts) * _WIDTH, _HEIGHT, title, path)


def axis(bars: Bars) -> list[str]:
    """Return what stands at the left end, in the middle and at the right end of a histogram."""
    low, high = bars.edges[0], bars.edges[-1]
    if low == high:
        return [_point(low, bars)]
    return [_point(low, bars), _point((low + high) / 2, bars), _point(high, bars)]


def percent(share: float) -> str:
    """Return a share as a person reads it, with blanks that do not break a line: 0 %, < 0.1 %, 3.4 %, 41 %."""
    if 0 < share < 0.001:
        text = "< 0.1 %"
    elif 0.999 < share < 1:
        text = "> 99.9 %"
    else:
        text = f"{100 * share:.1f} %" if 0 < share < 0.0995 or 0.99 < share < 1 else f"{100 * share:.0f} %"
    return text.replace(" ", "\u00a0")


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
