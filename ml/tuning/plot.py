"""The picture of a sweep: a dot and its 95 % interval for each job, best on top, the baseline as a dashed line.

matplotlib is imported when it is drawn.
"""

import io
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from ml.tuning.ranking import baseline, interval, score
from schemas import numbers
from schemas.metrics import HIGHER_IS_BETTER
from schemas.sweep import Comparison, JobResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _LIGHT, _GREY, _MARGIN = "#1f5fa8", "#6f9fd0", "#6b7078", "#f0f1f3"
_MOST, _LONGEST, _DOTS_PER_INCH = 40, 56, 150
_FAR = 3  # what is more widths of the better half's intervals away is not worth an axis that reaches it

Range = tuple[float, float]


def comparison_picture(comparison: Comparison) -> bytes:
    """Return the picture as PNG bytes; of more than 40 jobs the best 40 are drawn.

    Args:
        comparison: At least one job must have succeeded.
    """
    buffer = io.BytesIO()
    comparison_figure(comparison).savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def comparison_figure(comparison: Comparison) -> "Figure":
    """Draw it; a value that is too far off stands as text in a grey margin."""
    from matplotlib.figure import Figure

    metric, shown = str(comparison.metric), comparison.ranked[:_MOST]
    figure = Figure(figsize=(8.4, 1.5 + 0.3 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    against = _baselines(shown, metric)
    limits = _limits([_range(job, metric) for job in shown], [value for _name, value in against])
    margins = _margins(axes, [value for job in shown if (value := score(job, metric)) is not None], limits)
    for place, job in enumerate(shown):
        _draw_job(axes, place, job, metric, limits, margins)
    _draw_baselines(axes, against, limits)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)), [_label(job) for job in shown], fontsize=8)
    axes.tick_params("y", length=0)
    axes.tick_params("x", labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    better = "higher" if HIGHER_IS_BETTER[metric] else "lower"
    part = f"; best {_MOST} of {len(comparison.ranked)} jobs" if len(comparison.ranked) > _MOST else ""
    axes.set_xlabel(f"{metric} on the validation set with 95 % intervals, {better} is better{part}", fontsize=9)
    return figure


def _margins(axes: "Axes", values: Sequence[float], limits: Range) -> Range:
    """Set the axis, with a grey margin at a side beyond which values lie; return the middles of both margins."""
    width = limits[1] - limits[0] or 1.0
    room = width * 0.03
    ends = [limits[0] - room, limits[1] + room]
    for end, way in enumerate((-1, 1)):
        if any(_side(value, limits) == way for value in values):
            edge, ends[end] = ends[end], ends[end] + way * 0.14 * width
            axes.axvspan(edge, ends[end], color=_MARGIN, linewidth=0)
    axes.set_xlim(*ends)
    ticks = [tick for tick in axes.get_xticks() if limits[0] - room <= tick <= limits[1] + room]
    axes.set_xticks(ticks)
    return (ends[0] + limits[0] - room) / 2, (ends[1] + limits[1] + room) / 2


def _draw_job(axes: "Axes", place: int, job: JobResult, metric: str, limits: Range, margins: Range) -> None:
    value, low_high = score(job, metric), interval(job, metric)
    text = "undefined" if value is None else numbers.shown(value)
    beside = axes.get_yaxis_transform()
    axes.text(1.01, place, text, transform=beside, va="center", fontsize=8, fontweight="normal" if place else "bold")
    if value is None:
        return
    colour = _LIGHT if place else _BLUE
    side = _side(value, limits)
    if side:
        beyond = f"← {text}" if side < 0 else f"{text} →"
        axes.text(margins[side > 0], place, beyond, ha="center", va="center", fontsize=8, color=_GREY)
        return
    if low_high is not None:
        axes.plot([_clamped(end, limits) for end in low_high], [place, place], color=colour, linewidth=2)
    axes.plot(value, place, marker="o", color=colour, markersize=6)


def _draw_baselines(axes: "Axes", against: Sequence[tuple[str, float]], limits: Range) -> None:
    """Draw each baseline; one that is off the axis is in the legend only."""
    for name, value in against:
        off = {-1: ", further left", 0: "", 1: ", further right"}[_side(value, limits)]
        label = f"baseline {_plain(name)} {numbers.shown(value)}{off}"
        if off:
            axes.plot([], [], " ", label=label)
        else:
            axes.axvline(value, linestyle="--", color=_GREY, linewidth=1.2, label=label)
    if against:
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, fontsize=8)


def _limits(ranges: Sequence[Range | None], marks: Sequence[float]) -> Range:
    """Return the ends of the axis: all that is drawn, less what is so far off that the better half would be a dot.

    Args:
        ranges: Ends of each job's interval, best first; None where the metric is undefined.
        marks: The baselines.
    """
    known = [ends for ends in ranges if ends is not None]
    if not known:
        return 0.0, 1.0
    better = known[: ceil(len(known) / 2)]
    low, high = min(ends[0] for ends in better), max(ends[1] for ends in better)
    width = high - low or abs(high) * 0.1 or 1.0
    wide = (low - _FAR * width, high + _FAR * width)
    drawn = [*known, *((mark, mark) for mark in marks)]
    near = [ends for ends in drawn if not _side(ends[0], wide) and not _side(ends[1], wide)]
    return min(ends[0] for ends in near), max(ends[1] for ends in near)


def _side(value: float, limits: Range) -> int:
    """Return -1 left of the limits, 1 right of them, else 0."""
    return -1 if value < limits[0] else 1 if value > limits[1] else 0


def _clamped(value: float, limits: Range) -> float:
    return min(max(value, limits[0]), limits[1])


def _baselines(jobs: Sequence[JobResult], metric: str) -> list[tuple[str, float]]:
    """Return each baseline once, by name."""
    known = {
        (job.summary.baseline.name, value)
        for job in jobs
        if job.summary.baseline is not None and (value := baseline(job, metric)) is not None
    }
    return sorted(known)


def _range(job: JobResult, metric: str) -> Range | None:
    value, low_high = score(job, metric), interval(job, metric)
    if value is None:
        return None
    return (value, value) if low_high is None else (min(low_high[0], value), max(low_high[1], value))


def _label(job: JobResult) -> str:
    short = {key: key.rpartition(".")[2] for key in job.choices}
    names = short if len(set(short.values())) == len(short) else {key: key for key in short}
    text = _plain(" ".join(f"{names[key]}={value}" for key, value in job.choices.items()) or f"job {job.number}")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _plain(text: str) -> str:
    # matplotlib reads text between dollar signs as mathematics
    return " ".join(text.split()).replace("$", r"\$")
