"""The monitoring report as one self-contained HTML page: no network, no files beside it."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ml.monitoring.charts import chart
from schemas.monitoring import SEVERITY, ColumnDrift, MonitoringReport, Verdict
from schemas.numbers import shown

EXPANDED = 8
"""So many alarming columns show their distributions without a click."""
_WORDS: dict[Verdict, str] = {
    "ok": "No drift",
    "drift": "The data has drifted",
    "no_verdict": "No verdict is possible",
    "schema_alarm": "The rows do not have the shape that the model takes",
}
_SHORT: dict[Verdict, str] = {"ok": "ok", "drift": "drift", "no_verdict": "no verdict", "schema_alarm": "schema alarm"}


def render(report: MonitoringReport) -> str:
    """Return the page: the verdict in a sentence, the predictions, columns by severity, their distributions."""
    drawings = {shown.column: Markup(chart(shown)) for shown in report.distributions}  # chart escapes
    ranked = sorted(report.columns, key=_severity)
    return _template().render(
        report=report,
        headline=_headline(report),
        short=_SHORT,
        tally=_tally(report.columns),
        columns=[(one, drawings.get(one.column, "")) for one in ranked],
        prediction_drawings=[(shown.column, Markup(chart(shown))) for shown in report.prediction_distributions],
        expanded=EXPANDED,
    )


def _headline(report: MonitoringReport) -> str:
    own = [one for one in report.performance if one.version == report.version]
    if report.verdict != "drift" or not own or own[0].verdict != "drift":
        return _WORDS[report.verdict]
    asked = [*report.columns, *([report.predictions] if report.predictions else [])]
    moved = any(one.verdict == "drift" for one in asked)
    return f"{_WORDS['drift']}, and the predictions have become worse" if moved else "The predictions have become worse"


def _template() -> Template:
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.filters["capfirst"] = _capital
    pages.filters["shown"] = shown
    pages.filters["timestamp"] = timestamp
    return pages.get_template("report.html.j2")


def timestamp(text: str | None) -> str:
    """Return a time of the journal, ISO 8601, as 2026-11-20 13:51:37 UTC; other text stays as it is."""
    try:
        when = datetime.fromisoformat(text or "")
    except ValueError:
        return text or "an unknown time"
    known = when.astimezone(UTC) if when.tzinfo is not None else when
    return f"{known:%Y-%m-%d %H:%M:%S} UTC"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _severity(one: ColumnDrift) -> tuple[int, float]:
    return SEVERITY.index(one.verdict), -(one.value or 0.0)


def _tally(columns: list[ColumnDrift]) -> list[tuple[Verdict, int]]:
    counts = Counter(one.verdict for one in columns)
    return [(verdict, counts[verdict]) for verdict in SEVERITY if counts[verdict]]
