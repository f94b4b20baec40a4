"""What a run ends with: a short table for a person, the same facts as `key: value` lines for a program."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.views.capacity import capacity_lines
from ml.reports.formats import count
from ml.values.display import NAME, SENTENCE, readable
from schemas.home import Home
from schemas.numbers import shown
from schemas.pipelines import PIPELINES
from schemas.summary import REUSED, MonitoringRecord, Summary

_NAMES, _REASONS = 5, 5
_VERDICTS = {"succeeded": "green", "refused": "yellow", "failed": "red"}


def show_summary(console: Console, summary: Summary, path: Path, command: str) -> None:
    """Print the closing table; `command` runs the experiment again. The last loopback URL printed is the service's."""
    if console.is_terminal:
        _show_person(console, summary, path, command)
    else:
        for line in plain_lines(summary, path, command):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def plain_lines(summary: Summary, path: Path, command: str) -> Iterator[str]:
    """Yield one fact a line, for a program or a log."""
    yield f"status: {summary.status}"
    if summary.error:
        yield f"error: {' '.join(summary.error.split())}"
    yield from _judged(summary)
    for what, found in explore_reports(summary).items():
        yield f"{what}: {found}"
    yield f"summary: {path}"
    for text in next_commands(summary, command):
        yield f"next: {text}"
    if summary.deployment is not None:
        yield f"url: {summary.deployment.url}"


def _judged(summary: Summary) -> Iterator[str]:
    if summary.model is not None:
        yield f"model: {summary.model.name} version {summary.model.version} stage {summary.model.stage or '-'}"
    for name, value, interval, baseline in _metric_rows(summary):
        yield f"test {name}: {value} interval {interval or '-'} baseline {baseline or '-'}"
    for check in summary.gate.checks if summary.gate else []:
        yield f"gate {check.name}: {'passed' if check.passed else 'refused'} ({check.why})"
    if summary.monitoring is not None:
        yield f"monitoring: {summary.monitoring.verdict}"
        for names, why in columns_behind(summary.monitoring):
            yield f"monitoring {names}: {summary.monitoring.verdict} ({why})"
        yield f"report: {summary.monitoring.report or '-'}"
    for what, found in {**_retraining(summary), **capacity_lines(summary.capacity)}.items():
        yield f"{what}: {found}"


def _retraining(summary: Summary) -> dict[str, str]:
    """Return what a retraining was for, or why there was none."""
    return {} if summary.retraining is None else {"retraining": readable(summary.retraining.why, SENTENCE)}


def columns_behind(record: MonitoringRecord) -> list[tuple[str, str]]:
    """Return the columns that are the reason for a verdict other than `ok`, those of one reason together."""
    if record.verdict == "ok":
        return []
    reasons: dict[str, list[str]] = {}
    for one in record.columns:
        if one.verdict == record.verdict:
            reasons.setdefault(one.why, []).append(readable(one.column, NAME))
    shown = [(_some(names), readable(why, SENTENCE)) for why, names in list(reasons.items())[:_REASONS]]
    rest = [name for names in list(reasons.values())[_REASONS:] for name in names]
    return [*shown, (_some(rest), "for reasons that the report names")] if rest else shown


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def next_commands(summary: Summary, command: str) -> list[str]:
    """Return what a person would type next."""
    status = f"{shlex.split(command)[0]} -m serving status"
    if summary.status == "refused":
        return [status]
    if summary.status == "failed":
        return []
    return [text.format(command=command, status=status) for text in PIPELINES[summary.pipeline].next_commands]


def explore_reports(summary: Summary) -> dict[str, Path]:
    """Return the page that the pipeline is run for, and the experiment that it suggests."""
    kind = PIPELINES[summary.pipeline].report
    if kind is None or summary.status != "succeeded" or not summary.runs:
        return {}
    page = Home.here().report(summary.experiment, kind, summary.runs[-1])
    return {"report": page, "suggestion": page.with_suffix(".yaml")}


def _metric_rows(summary: Summary) -> Iterator[tuple[str, str, str, str]]:
    if summary.metrics is None:
        return
    which: Literal["test", "validation"] = "test" if summary.metrics.test else "validation"
    scores = getattr(summary.metrics, which) or {}
    intervals = summary.metrics.intervals.get(which, {})
    against = summary.baseline.metrics.get(which, {}) if summary.baseline is not None else {}
    for name, value in scores.items():
        low_high = intervals.get(name)
        yield (
            name,
            _number(value),
            f"{_number(low_high[0])} to {_number(low_high[1])}" if low_high else "",
            _number(against.get(name)) if name in against else "",
        )


def _number(value: float | None) -> str:
    return "undefined" if value is None else shown(value)


def _show_person(console: Console, summary: Summary, path: Path, command: str) -> None:
    colour = _VERDICTS[summary.status]
    console.print()
    if summary.metrics is not None:
        console.print(_metric_table(summary))
    for check in summary.gate.checks if summary.gate else []:
        mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
        console.print(f"  {mark} gate {escape(check.name)}: {escape(check.why)}")
    if summary.error:
        console.print(f"[{colour}]{escape(summary.error)}[/]")
    if summary.monitoring is not None:
        _show_monitored(console, summary.monitoring)
    model = f"{summary.model.name} version {summary.model.version}" if summary.model else summary.experiment
    console.print(f"[bold {colour}]{summary.status}[/]  {escape(model)}  [dim]{_time_in_steps(summary.seconds)}[/]")
    facts = {**_retraining(summary), **capacity_lines(summary.capacity), **explore_reports(summary)}
    for what, said in facts.items():
        console.print(f"  {what:11} {escape(str(said))}", soft_wrap=True)
    console.print(f"  summary     {escape(str(path))}", soft_wrap=True)
    for text in next_commands(summary, command):
        console.print(f"  next        [bold]{escape(text)}[/]", soft_wrap=True)
    if summary.deployment is not None:
        console.print(f"  service     [bold]{escape(summary.deployment.url)}[/]", soft_wrap=True)


def _show_monitored(console: Console, record: MonitoringRecord) -> None:
    console.print(f"  monitoring  {record.verdict}  {escape(record.report or '')}", soft_wrap=True)
    for names, why in columns_behind(record):
        console.print(f"              {escape(names)}: {escape(why)}", soft_wrap=True)


def _time_in_steps(seconds: Mapping[str, float]) -> str:
    reused = sum(took == REUSED for took in seconds.values())
    beside = f", {count(reused, 'step')} reused" if reused else ""
    return f"{sum(seconds.values()):.1f} s in steps{beside}"


def _metric_table(summary: Summary) -> Table:
    baseline = summary.baseline.name if summary.baseline else ""
    table = Table("metric", "value", "95 % interval", f"baseline {baseline}", box=None)
    for row in _metric_rows(summary):
        table.add_row(*row)
    return table
