"""The picture of a training: the loss after each epoch on both sets, and the epoch whose weights were kept."""

from math import isfinite

from markupsafe import Markup

from ml.reports.chart import Axis, Chart
from schemas.learning import LearningCurves
from schemas.numbers import shown

TITLE = "Learning curves"
_STEEP = 50  # from this ratio of the highest to the lowest validation loss on, the axis is logarithmic
_MARKED = 30  # so few epochs are drawn with a dot each


def learning_picture(learning: LearningCurves) -> Markup:
    """Return the picture as inline SVG; losses that are not finite are left out."""
    curves = {
        name: (label, list(enumerate(losses, start=1)))
        for name, label, losses in (
            ("curve", "training rows", learning.training),
            ("other", "validation rows", learning.validation),
        )
        if losses
    }
    watched = learning.validation or learning.training
    kept = watched[learning.best_epoch - 1]
    chart = Chart(
        TITLE,
        Axis.around("epoch", [1, len(watched)], whole=True),
        Axis.around(learning.loss, [*learning.training, *learning.validation], log=_steep(learning, watched)),
        [
            *((name, label) for name, (label, _) in curves.items()),
            ("guide", f"kept: epoch {learning.best_epoch}, {shown(kept)}"),
        ],
    )
    chart.line("guide", [(learning.best_epoch, end) for end in (chart.y.low, chart.y.high)])
    for name, (_, points) in curves.items():
        chart.line(name, points)
        if len(points) <= _MARKED:
            chart.dots(name, points, radius=1.8)
    chart.dots("kept", [(learning.best_epoch, kept)], radius=4)
    return chart.markup()


def _steep(learning: LearningCurves, watched: list[float]) -> bool:
    losses = [*learning.training, *learning.validation]
    return all(isfinite(loss) and loss > 0 for loss in losses) and max(watched) / min(watched) > _STEEP
