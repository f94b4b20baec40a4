"""A distribution in training and in a window, as a drawing."""

import math
from datetime import date

from markupsafe import Markup

from ml.reports.svg import outlines, paired_bars
from schemas import numbers
from schemas.monitoring import Distribution

_EPOCH = date(1970, 1, 1).toordinal()


def chart(shown: Distribution) -> Markup:
    """Return an SVG element: bins as two outlines over each other, labels as two bars each."""
    if shown.labels:
        title = f"{shown.column}: shares in training and now"
        return paired_bars(shown.labels, shown.reference, shown.window, title)
    left, middle, right = (tick(shown.edges[place], shown.kind) for place in (0, len(shown.edges) // 2, -1))
    title = f"{shown.column}: shares from {left} to {right}, in training and now"
    return outlines(shown.reference, shown.window, (left, middle, right), title)


def tick(value: float, kind: str) -> str:
    """Return a number as it is shown; of a column of dates the day that it is."""
    if kind != "date":
        return numbers.shown(value)
    try:
        return date.fromordinal(_EPOCH + math.floor(value)).isoformat()
    except (OverflowError, ValueError):
        return f"day {value:.4g}"
