"""Pictures of an evaluation: PNG bytes, drawn without a display. matplotlib is imported when the first one is drawn."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.classification import calibration
from ml.predictions.predictor import Predictions
from schemas import numbers
from schemas.base import Scalar
from schemas.data import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 150
BLUE, GREY = "#1f5fa8", "#8a8f98"
_SHOWN_CLASSES, _SHOWN_ROWS = 20, 3000
_FEWEST_ROWS = 5


def pictures(problem: Problem, target: NDArray[Any], predictions: Predictions) -> dict[str, bytes]:
    """Return the task's pictures by title: confusion matrix and calibration, or predictions and residuals."""
    if not len(target):
        return {}
    if predictions.values is not None:
        drawn = {
            "Predicted against actual": predicted_against_actual(target, predictions.values, problem),
            "Residuals": residuals(target, predictions.values, problem),
        }
    else:
        assert predictions.codes is not None, "a prediction has codes or values"
        drawn = {"Confusion matrix": confusion_matrix(target, predictions.codes, problem.classes or [])}
        if predictions.probabilities is not None:
            drawn["Calibration"] = calibration_curve(target, predictions.codes, predictions.probabilities)
    return {title: png(figure) for title, figure in drawn.items()}


def png(figure: "Figure") -> bytes:
    """Return a figure as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def confusion_matrix(target: NDArray[np.int64], codes: NDArray[np.int64], classes: Sequence[Scalar]) -> "Figure":
    """Draw counts of actual (rows) by predicted (columns) class; colour is the share of the actual class.

    Of more than 20 classes the most frequent are drawn, and one called `other` for the rest and for unseen ones.
    """
    counts, labels = _confusion(target, codes, classes)
    side = min(7.5, 3.2 + 0.45 * len(labels))
    figure, axes = canvas(side, side)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 11 if len(labels) <= 6 else 8 if len(labels) <= 12 else 6
    for row, column in np.argwhere(counts > 0) if len(labels) > 12 else np.ndindex(*counts.shape):
        colour = "white" if shares[row, column] > 0.55 else "#20242b"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=size)
    slant = 0 if max(map(len, labels)) <= 4 else 40
    axes.set_xticks(range(len(labels)), labels, rotation=slant, ha="center" if slant == 0 else "right", fontsize=size)
    axes.set_yticks(range(len(labels)), labels, fontsize=size)
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    return figure


def calibration_curve(
    target: NDArray[np.int64], codes: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> "Figure":
    """Draw how often a prediction was right against how sure the model was; the size of a dot is its number of rows.

    Bins of fewer than 5 rows are left out; the lines are Jeffreys' 95 % intervals.

    Source:
        L. D. Brown, T. T. Cai, A. DasGupta, Interval Estimation for a Binomial Proportion, Statistical Science 16
        (2001).
    """
    confidence = np.take_along_axis(probabilities, np.maximum(codes, 0)[:, None], axis=1)[:, 0]
    sure, right, rows = calibration(confidence, (target == codes).astype(np.float64))
    full = rows >= _FEWEST_ROWS
    from scipy.stats import beta

    hits = np.round(right[full] * rows[full])
    ends = beta.ppf([[0.025], [0.975]], hits + 0.5, rows[full] - hits + 0.5)
    figure, axes = canvas(5.2, 4.6)
    axes.plot([0, 1], [0, 1], linestyle="--", color=GREY, label="as sure as right")
    axes.vlines(sure[full], *ends, color=BLUE, linewidth=1, alpha=0.7)
    axes.scatter(
        sure[full],
        right[full],
        s=20 + 180 * rows[full] / rows.max(),
        color=BLUE,
        label="this model, 95 % interval (size: rows)",
    )
    low = max(0.0, float(confidence.min()) - 0.08)
    axes.set_xlim(low, 1.03)
    axes.set_ylim(-0.03, 1.06)
    axes.set_xlabel("probability of the prediction")
    axes.set_ylabel("share of predictions that were right")
    axes.legend(frameon=False, loc="lower right" if low < 0.5 else "lower left", markerscale=0.6)
    return figure


def predicted_against_actual(target: NDArray[np.float64], values: NDArray[np.float64], problem: Problem) -> "Figure":
    """Draw predicted against actual values; on the dashed line a prediction is exact."""
    shown = _shown(len(target))
    figure, axes = canvas(5.2, 4.8)
    ends = [min(target.min(), values.min()), max(target.max(), values.max())]
    axes.plot(ends, ends, linestyle="--", color=GREY, label="exact")
    axes.scatter(target[shown], values[shown], s=14, alpha=0.55, color=BLUE, edgecolors="none")
    axes.set_xlabel(_named("actual", problem))
    axes.set_ylabel(_named("predicted", problem))
    axes.xaxis.set_major_formatter(tick)
    axes.yaxis.set_major_formatter(tick)
    axes.tick_params("x", rotation=30)
    axes.legend(frameon=False, loc="upper left")
    return figure


def residuals(target: NDArray[np.float64], values: NDArray[np.float64], problem: Problem) -> "Figure":
    """Draw predicted minus actual against predicted values, with the errors' histogram at the side."""
    from matplotlib.figure import Figure

    shown, missed = _shown(len(target)), values - target
    figure = Figure(figsize=(5.6, 4.4), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=[4, 1], wspace=0.02)
    axes = figure.add_subplot(grid[0])
    axes.axhline(0, linestyle="--", color=GREY)
    axes.scatter(values[shown], missed[shown], s=14, alpha=0.55, color=BLUE, edgecolors="none")
    axes.set_xlabel(_named("predicted", problem))
    axes.set_ylabel(_named("predicted minus actual", problem))
    axes.xaxis.set_major_formatter(tick)
    axes.yaxis.set_major_formatter(tick)
    axes.tick_params("x", rotation=30)
    side = figure.add_subplot(grid[1], sharey=axes)
    side.hist(missed, bins=min(40, max(8, len(missed) // 10)), orientation="horizontal", color=BLUE, alpha=0.6)
    side.tick_params(labelleft=False)
    side.set_xlabel("rows")
    for one in (axes, side):
        one.spines[["top", "right"]].set_visible(False)
    return figure


def _confusion(
    target: NDArray[np.int64], codes: NDArray[np.int64], classes: Sequence[Scalar]
) -> tuple[NDArray[np.int64], list[str]]:
    frequent = np.argsort(-np.bincount(target[target >= 0], minlength=len(classes)), kind="stable")[:_SHOWN_CLASSES]
    kept = np.sort(frequent)
    place = np.full(len(classes) + 1, len(kept))  # the last entry is what -1 reaches: unseen or abstained
    place[kept] = np.arange(len(kept))
    rows, columns = place[target], place[codes]
    labels = [_shorten(str(classes[code])) for code in kept]
    if (rows == len(kept)).any() or (columns == len(kept)).any():
        labels.append("other")
    size = len(labels)
    return np.bincount(rows * size + columns, minlength=size * size).reshape(size, size), labels


def tick(value: float, _position: object) -> str:
    """Return what stands at a tick of an axis of numbers."""
    return numbers.shown(value)


def _shorten(label: str) -> str:
    # matplotlib reads text between dollar signs as mathematics
    plain = " ".join(label.split()).replace("$", r"\$")
    return plain if len(plain) <= 18 else plain[:17] + "…"


def _named(what: str, problem: Problem) -> str:
    name = _shorten(problem.target)
    return f"{what}: {name} [{problem.unit}]" if problem.unit else f"{what}: {name}"


def _shown(rows: int) -> NDArray[np.int64]:
    return np.linspace(0, rows - 1, min(rows, _SHOWN_ROWS)).astype(np.int64)


def canvas(width: float, height: float) -> tuple["Figure", "Axes"]:
    """Return a figure of so many inches and its only axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
