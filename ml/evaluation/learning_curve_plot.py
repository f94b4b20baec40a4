"""The picture of a training: the loss after each epoch on both sets, and the epoch whose weights were kept."""

from typing import TYPE_CHECKING

from ml.evaluation.plots import BLUE, GREY, canvas, png, tick
from schemas.learning import LearningCurves
from schemas.numbers import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Learning curves"
_ORANGE = "#c4580b"
_STEEP = 50  # from this ratio of the highest to the lowest validation loss on, the axis is logarithmic
_MARKED = 30  # so few epochs are drawn with a dot each


def learning_picture(learning: LearningCurves) -> bytes:
    """Return the picture as PNG bytes."""
    return png(_draw(learning))


def _draw(learning: LearningCurves) -> "Figure":
    from matplotlib.ticker import MaxNLocator

    figure, axes = canvas(5.6, 4.4)
    marker = "o" if len(learning.training) <= _MARKED else None
    for name, colour, losses in (
        ("training rows", BLUE, learning.training),
        ("validation rows", _ORANGE, learning.validation),
    ):
        if losses:
            axes.plot(range(1, len(losses) + 1), losses, color=colour, linewidth=1.6, marker=marker, ms=3, label=name)
    watched = learning.validation or learning.training
    kept = watched[learning.best_epoch - 1]
    axes.axvline(learning.best_epoch, color=GREY, linestyle="--", linewidth=1)
    label = f"kept: epoch {learning.best_epoch}, {shown(kept)}"
    axes.scatter([learning.best_epoch], [kept], s=55, facecolors="none", edgecolors="black", zorder=3, label=label)
    if min(*watched, *learning.training) > 0 and max(watched) / min(watched) > _STEEP:
        axes.set_yscale("log")
    axes.yaxis.set_major_formatter(tick)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel(learning.loss)
    axes.legend(frameon=False)
    return figure
