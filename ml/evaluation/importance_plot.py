"""What a model relies on, as bars with their intervals."""

from collections.abc import Sequence

from markupsafe import Markup

from ml.reports.svg import WIDTH, drawing, shortened, text
from schemas.evaluation import Importance, InputImportance
from schemas.numbers import shown

_SHOWN = 20  # inputs
_ROW, _LABEL, _FIGURE, _FOOT = 22, 134, 58, 18
"""Height of a bar's line, widths of its label and of its figure at the right, and height of the ends of the axis."""


def importance_picture(importance: Importance) -> Markup:
    """Return a bar for each of the inputs that matter most, from 0 to how much worse the metric gets without it."""
    inputs = importance.inputs[:_SHOWN]
    low, high = _ends(inputs)
    floor = len(inputs) * _ROW + 4

    def x(value: float) -> float:
        return _LABEL + (value - low) / (high - low) * (WIDTH - _LABEL - _FIGURE)

    parts = [Markup('<path class="frame" d="M{:.1f} 0V{}"/>').format(x(0), floor)]
    for place, one in enumerate(inputs):
        y = place * _ROW + 4
        start, end = sorted((x(0), x(one.drop)))
        parts += [
            text(_LABEL - 6, y + 12, shortened(one.input, _LABEL - 8), "end"),
            Markup('<rect class="now" x="{:.1f}" y="{}" width="{:.1f}" height="14"/>').format(start, y, end - start),
            Markup('<path class="whisker" d="M{0:.1f} {2}H{1:.1f}M{0:.1f} {3}v8M{1:.1f} {3}v8"/>').format(
                x(one.interval[0]), x(one.interval[1]), y + 7, y + 3
            ),
            text(WIDTH, y + 12, f"{one.drop:.3g}", "end"),
        ]
    parts.append(text(x(0), floor + 12, "0", "middle"))
    parts.append(text(WIDTH - _FIGURE, floor + 12, f"{shown(high)} worse", "end"))
    title = f"How much worse {importance.metric} gets when an input is shuffled"
    return drawing(floor + _FOOT, title, parts)


def _ends(inputs: Sequence[InputImportance]) -> tuple[float, float]:
    low = min(0.0, *(one.interval[0] for one in inputs), *(one.drop for one in inputs))
    high = max(0.0, *(one.interval[1] for one in inputs), *(one.drop for one in inputs))
    return (low, high) if high > low else (0.0, 1.0)
