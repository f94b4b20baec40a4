"""The evaluation as one self-contained HTML page: the gate, metrics with intervals, the training, the pictures."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ml.evaluation.importance_plot import importance_picture
from ml.evaluation.learning_curve_plot import TITLE, learning_picture
from ml.reports.templates import render_page
from schemas.evaluation import Evaluation, GateVerdict, Importance, Scores
from schemas.learning import LearningCurves
from schemas.numbers import shown

LISTED = 20
"""Inputs in the table of what the model relies on."""


def render_evaluation(
    title: str,
    evaluation: Evaluation,
    pictures: Mapping[str, Markup],
    *,
    gate: GateVerdict | None = None,
    made_by: str = "",
    baseline: Scores | None = None,
    learning: LearningCurves | None = None,
    review: Sequence[str] = (),
    ceiling: Sequence[str] = (),
) -> str:
    """Return the page.

    Args:
        title: The page's heading.
        evaluation: Metrics, intervals and rows of each set.
        pictures: inline SVG by caption, as `ml.evaluation.plots.pictures` gives them for the test set.
        gate: The gate's verdict; None where no gate was asked.
        made_by: What the model is, in words.
        baseline: The baseline's metrics on the last set of `evaluation`.
        learning: How the model learnt, of one that learns by epochs.
        review: Sentences on what is routed to review.
        ceiling: Sentences on the best score that any model can have.
    """
    sets = [part for part in ("validation", "test") if part in evaluation.metrics]
    rows = ", ".join(f"{count} {part}" for part, count in evaluation.rows.items())
    drawn = {TITLE: learning_picture(learning), **pictures} if learning is not None else pictures
    context = {
        "title": title,
        "rows": f"Rows: {rows}" if rows else "",
        "sets": sets,
        "gate": gate,
        "made_by": made_by,
        "course": TITLE,
        "lines": _lines(evaluation, sets, baseline or {}),
        "baseline": bool(baseline),
        "learning": learning,
        "importance": evaluation.importance,
        "relied_on": _relied_on(evaluation.importance),
        "listed": LISTED,
        "unlisted": _unlisted(evaluation.importance),
        "review": review,
        "ceiling": ceiling,
        "pictures": drawn,
    }
    return render_page(__file__, context)


def _lines(evaluation: Evaluation, sets: Sequence[str], baseline: Scores) -> list[dict[str, object]]:
    scores: dict[str, Scores] = {str(part): values for part, values in evaluation.metrics.items()}
    bounds = {str(part): values for part, values in evaluation.intervals.items()}
    names = list(dict.fromkeys(name for part in sets for name in scores[part]))
    return [
        {
            "name": name,
            "cells": [_cell(scores[part].get(name), bounds.get(part, {}).get(name)) for part in sets],
            "baseline": _number(baseline.get(name)),
        }
        for name in names
    ]


def _relied_on(importance: Importance | None) -> Markup | None:
    return importance_picture(importance) if importance is not None and importance.inputs else None


def _unlisted(importance: Importance | None) -> int:
    return 0 if importance is None else max(0, len(importance.inputs) - LISTED) + importance.left_out


def _cell(value: float | None, interval: tuple[float, float] | None) -> tuple[str, str]:
    return _number(value), "" if interval is None else f"{shown(interval[0])} to {shown(interval[1])}"


def _number(value: float | None) -> str:
    return "–" if value is None else shown(value)
