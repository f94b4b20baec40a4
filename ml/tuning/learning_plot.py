"""The learning curves of several jobs in one picture: a colour each, dashed on the training rows.

matplotlib is imported when it is drawn.
"""

import io
from collections.abc import Sequence
from itertools import cycle
from math import isfinite
from typing import TYPE_CHECKING

from ml.tuning.learning_curves import Learnt, watched
from schemas.numbers import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 8
_COLOURS = ("#1f5fa8", "#c8553d", "#3f7d4e", "#8a5aa8", "#b07d2b", "#4a8c9c", "#a04668", "#6b7078")
_DOTS_PER_INCH, _LONGEST = 150, 56
_STEEP = 50  # from this ratio of the highest to the lowest loss on, the axis is logarithmic


def learning_curves_picture(jobs: Sequence[Learnt]) -> bytes:
    """Return the picture as PNG bytes; of more than 8 jobs the first 8 are drawn.

    Args:
        jobs: At least one, as `ml.tuning.learning_curves.learnt` gives them.
    """
    buffer = io.BytesIO()
    learning_curves_figure(jobs).savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def learning_curves_figure(jobs: Sequence[Learnt]) -> "Figure":
    """Draw the loss after each epoch; losses that are not finite are left out, a dot marks the epoch that was kept."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for (job, curves), colour in zip(jobs[:MOST], cycle(_COLOURS), strict=False):
        losses = watched(curves)
        if curves.validation:
            axes.plot(*_points(curves.training), color=colour, linewidth=1, linestyle="--", alpha=0.7)
        label = _plain(f"{job.label}, kept: epoch {curves.best_epoch}, {shown(losses[curves.best_epoch - 1])}")
        axes.plot(*_points(losses), color=colour, linewidth=1.8, label=label)
        axes.plot(curves.best_epoch, losses[curves.best_epoch - 1], marker="o", color=colour, markersize=6)
    if _steep(jobs):
        axes.set_yscale("log")
    part = f"; the first {MOST} of {len(jobs)} jobs" if len(jobs) > MOST else ""
    lines = "solid: validation rows, dashed: training rows" if jobs[0][1].validation else "training rows"
    axes.set_xlabel(f"epoch ({lines}{part})", fontsize=9)
    axes.set_ylabel(jobs[0][1].loss, fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _points(losses: Sequence[float]) -> tuple[list[int], list[float]]:
    known = [(epoch, loss) for epoch, loss in enumerate(losses, start=1) if isfinite(loss)]
    return [epoch for epoch, _ in known], [loss for _, loss in known]


def _steep(jobs: Sequence[Learnt]) -> bool:
    losses = [loss for _, curves in jobs[:MOST] for loss in [*curves.training, *curves.validation]]
    return all(isfinite(loss) and loss > 0 for loss in losses) and max(losses) / min(losses) > _STEEP


def _plain(text: str) -> str:
    # matplotlib reads text between dollar signs as mathematics
    text = " ".join(text.split()).replace("$", r"\$")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
