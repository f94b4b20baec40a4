"""The monitoring report as one self-contained HTML page: no network, no files beside it."""

from collections import Counter

from ml.monitoring.charts import chart
from ml.reports.templates import render_page
from schemas.monitoring import SEVERITY, ColumnDrift, MonitoringReport, Verdict

EXPANDED = 8
"""So many alarming columns show their distributions without a click."""
_WORDS: dict[Verdict, str] = {
    "ok": "No drift found",
    "drift": "The data has drifted",
    "no_verdict": "No verdict is possible",
    "schema_alarm": "The rows do not have the shape that the model takes",
}
_SHORT: dict[Verdict, str] = {"ok": "ok", "drift": "drift", "no_verdict": "no verdict", "schema_alarm": "schema alarm"}


def render(report: MonitoringReport) -> str:
    """Return the page: the verdict in a sentence, the predictions, columns by severity, their distributions."""
    drawings = {shown.column: chart(shown) for shown in report.distributions if any(shown.window)}
    ranked = sorted(report.columns, key=_severity)
    context = {
        "report": report,
        "headline": _headline(report),
        "short": _SHORT,
        "tally": _tally(report.columns),
        "columns": [(one, drawings.get(one.column, "")) for one in ranked],
        "prediction_drawings": [
            (shown.column, chart(shown)) for shown in report.prediction_distributions if any(shown.window)
        ],
        "expanded": EXPANDED,
        "ruled_out": _ruled_out(report),
    }
    return render_page(__file__, context)


def _ruled_out(report: MonitoringReport) -> list[tuple[str, str]]:
    """Return for each column, the predictions last, the smallest changes that would have been found in it."""
    found: dict[str, list[str]] = {}
    for change in report.detectable:
        found.setdefault(change.column, []).append(change.why)
    predicted = [change.why for change in report.prediction_detectable]
    lines = [*found.items(), *([("(the predictions)", predicted)] if predicted else [])]
    return [(name, ", ".join(whys)) for name, whys in lines]


def _headline(report: MonitoringReport) -> str:
    own = [one for one in report.performance if one.version == report.version]
    if report.verdict != "drift" or not own or own[0].verdict != "drift":
        return _WORDS[report.verdict]
    asked = [*report.columns, *([report.predictions] if report.predictions else [])]
    moved = any(one.verdict == "drift" for one in asked)
    return f"{_WORDS['drift']}, and the predictions have become worse" if moved else "The predictions have become worse"


def _severity(one: ColumnDrift) -> tuple[int, float]:
    return SEVERITY.index(one.verdict), -(one.value or 0.0)


def _tally(columns: list[ColumnDrift]) -> list[tuple[Verdict, int]]:
    counts = Counter(one.verdict for one in columns)
    return [(verdict, counts[verdict]) for verdict in SEVERITY if counts[verdict]]
