"""The look as one self-contained HTML page: no script, no network, no files beside it."""

from typing import Any

from ml.explore.charts import axis, spreads
from ml.reports.svg import histogram
from ml.reports.templates import render_page
from schemas.exploration import ColumnView, Exploration
from schemas.numbers import shown

CARDS, INDEXED = 120, 600
"""Columns with a card of their own, and columns listed by name; a wider table shows those that matter most."""
OPEN = 8
"""So many of the columns that explain most of the target show it without a click."""
_STATES = {"failed": "failed", "warning": "warned", "held": "held"}


def render(exploration: Exploration) -> str:
    """Return the page. Everything that comes from the data is escaped and cut to a readable length."""
    return render_page(__file__, _context(exploration))


def _context(found: Exploration) -> dict[str, Any]:
    ranked = sorted(
        (view for view in found.columns if view.type != "drop"),
        key=lambda view: -1.0 if view.association is None else -view.association,
    )
    kept = {view.name for view in ranked[:CARDS]}
    places = {view.name: place for place, view in enumerate(found.columns, start=1)}
    return {
        "found": found,
        "rows": found.sets.get("train", 0),
        "ranked": ranked[:CARDS],
        "cards": [view for view in found.columns if view.name in kept],
        "left_out": [view for view in found.columns if view.type == "drop"],
        "indexed": found.columns[:INDEXED],
        "kept": kept,
        "unlisted": len(ranked) - len(kept),
        "places": places,
        "opened": {view.name for view in ranked[:OPEN]},
        "tally": _tally(found),
        "facts": facts,
        "words": _STATES,
        "histogram": histogram,
        "axis": axis,
        "spreads": spreads,
    }


def facts(view: ColumnView) -> list[tuple[str, str]]:
    """Return the figures of a column, each with its name."""
    if view.numbers is not None:
        numbers = view.numbers
        return [
            ("min", shown(numbers.minimum)),
            ("lower quartile", shown(numbers.quarter)),
            ("median", shown(numbers.median)),
            ("upper quartile", shown(numbers.three_quarters)),
            ("max", shown(numbers.maximum)),
            ("mean", shown(numbers.mean)),
            ("std. deviation", shown(numbers.deviation)),
        ]
    if view.span is not None:
        return [("first", view.span.first), ("median", view.span.middle), ("last", view.span.last)]
    return []


def _tally(found: Exploration) -> list[tuple[str, int]]:
    return [(state, sum(one.state == state for one in found.outcomes)) for state in _STATES]
