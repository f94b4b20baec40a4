"""From a monitoring report to the alert that people get: what changed, how sure, what to do next."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from ml.monitoring.next_steps import next_steps
from ml.reports.formats import count
from ml.values.display import NAME, SENTENCE, plain_line, readable
from schemas.alert import Alert, Change
from schemas.metrics import HIGHER_IS_BETTER
from schemas.monitoring import SEVERITY, ColumnDrift, MonitoringReport, Performance
from schemas.numbers import shown
from schemas.run import MonitorSpec

_LISTED, _NAMED = 20, 3
_LONGEST = 200  # characters of a subject
_HEADLINES = {
    "drift": "drift",
    "schema_alarm": "rows are not of the kind that the model takes",
    "no_verdict": "no verdict is possible",
}


def compose(report: MonitoringReport, spec: MonitorSpec, page: str | None, when: str) -> Alert | None:
    """Return the alert on a report; None where its verdict is none of those that are told.

    Args:
        report: The verdict with its reasons.
        spec: Which verdicts are told, and what they rest on.
        page: The file of the HTML report.
        when: The time of the verdict, ISO 8601.
    """
    if report.verdict == "ok" or report.verdict not in spec.alert.verdicts:
        return None
    found = changes(report)
    decisive = [one for one in found if one.verdict == report.verdict]
    changed = sorted(f"{one.kind}:{one.name}" for one in decisive)
    key = key_of(report, changed)
    return Alert(
        id=key,
        key=key,
        time=when,
        model=report.model,
        version=report.version,
        verdict=report.verdict,
        subject=_subject(report, decisive),
        changed=changed,
        changes=found[:_LISTED],
        more_changes=max(0, len(found) - _LISTED),
        certainty=_certainty(report, decisive, spec),
        next_steps=next_steps(report, found, page),
        rows=report.rows,
        first=report.first,
        last=report.last,
        report=page,
    )


def changes(report: MonitoringReport) -> list[Change]:
    """Return what alarms, the most severe first; where nothing does, what kept the window from a verdict."""
    everything = [*_of_labels(report), *_of_predictions(report), *_of_columns(report.columns)]
    enough = max(SEVERITY.index(report.verdict), SEVERITY.index("drift"))
    found = [one for one in everything if SEVERITY.index(one.verdict) <= enough]
    return sorted(found, key=lambda one: SEVERITY.index(one.verdict))


def key_of(report: MonitoringReport, changed: Sequence[str]) -> str:
    """Return what is the same as long as model, version, verdict and the names of what changed are the same."""
    what = [report.model, report.version, report.verdict, *changed]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]


def _of_columns(columns: Sequence[ColumnDrift]) -> Iterator[Change]:
    for one in sorted(columns, key=lambda one: -(one.value or 0.0)):
        yield _change("column", one)


def _of_predictions(report: MonitoringReport) -> Iterator[Change]:
    if report.predictions is not None:
        yield _change("predictions", report.predictions)


def _change(kind: str, one: ColumnDrift) -> Change:
    return Change.model_validate(
        {
            "kind": kind,
            "name": readable(one.column, NAME),
            "verdict": one.verdict,
            "statistic": one.statistic,
            "value": one.value,
            "threshold": one.threshold,
            "adjusted_p_value": one.adjusted_p_value,
            "why": plain_line(one.why, SENTENCE),
        }
    )


def _of_labels(report: MonitoringReport) -> Iterator[Change]:
    own = _own(report)
    if own is not None and own.verdict == "drift":
        low, high = own.expected_interval or (None, None)
        yield Change(
            kind="labels",
            name=own.metric,
            verdict=own.verdict,
            statistic=own.metric,
            value=own.value,
            threshold=low if HIGHER_IS_BETTER[own.metric] else high,
            why=plain_line(own.why, SENTENCE),
        )


def _own(report: MonitoringReport) -> Performance | None:
    return next((one for one in report.performance if one.version == report.version), None)


def _subject(report: MonitoringReport, decisive: Sequence[Change]) -> str:
    columns = [f"'{readable(one.name)}'" for one in decisive if one.kind == "column"]
    parts = ["the predictions have become worse"] if any(one.kind == "labels" for one in decisive) else []
    if columns:
        more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
        parts.append(f"{count(len(columns), 'column')}: {', '.join(columns[:_NAMED])}{more}")
    if any(one.kind == "predictions" for one in decisive):
        parts.append("the predictions themselves")
    text = f"{report.model} version {report.version}: {_HEADLINES[report.verdict]}"
    return plain_line(f"{text} ({'; '.join(parts)})" if parts else text, _LONGEST)


def _certainty(report: MonitoringReport, decisive: Sequence[Change], spec: MonitorSpec) -> str:
    parts = []
    if report.verdict == "schema_alarm":
        parts.append("No matter of chance: what is missing or of another type was looked at, not estimated.")
    elif report.verdict == "no_verdict":
        parts.append("Nothing can be concluded, which is no sign that all is well.")
    elif any(one.kind != "labels" for one in decisive):
        parts.append(_of_tests(decisive, spec))
    own = _own(report)
    if own is not None and own.verdict == "drift":
        parts.append(_of_intervals(own))
    if report.lost is not None:
        parts.append(f"The window is not whole: {count(report.lost.requests, 'request')} never came into the journal.")
    return " ".join([*parts, f"The window has {count(report.rows, 'row')}."])


def _of_tests(decisive: Sequence[Change], spec: MonitorSpec) -> str:
    chances = [one.adjusted_p_value for one in decisive if one.adjusted_p_value is not None]
    text = f"Of windows in which nothing has changed, at most {100 * spec.significance:g} % alarm"
    least = min(chances, default=None)
    if least is None:
        return f"{text}."
    return f"{text}; the strongest of these changes has p {'< 0.001' if least < 0.001 else f'= {least:.3f}'}."


def _of_intervals(own: Performance) -> str:
    assert own.interval is not None and own.expected_interval is not None, "drift is declared against an interval"
    now, before = ("{} to {}".format(*map(shown, bounds)) for bounds in (own.interval, own.expected_interval))
    return (
        f"{own.metric} on {count(own.labelled, 'labelled prediction')}: the whole 95 % interval, {now}, is worse than "
        f"the whole one on the test set, {before}."
    )
