"""What a sweep ends with: the jobs, best first, and the command that runs the best one with everything behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ml.tuning.learning_curves import learnt, told
from ml.tuning.ranking import baseline, interval, score
from schemas import numbers
from schemas.sweep import Comparison, JobResult

_BESIDE = ("roc_auc", "accuracy", "log_loss", "r2", "mean_absolute_error")
_TOLD = 4  # of so many jobs the learning curves are told in words; the picture shows more


@dataclass(frozen=True)
class Ending:
    """What is shown besides the jobs: where the files are, how many jobs were not run, the next command."""

    table: Path
    picture: Path | None
    not_run: int = 0
    command: str | None = None
    learning: Path | None = None


def show_comparison(console: Console, comparison: Comparison, ending: Ending) -> None:
    """Print the closing table of a sweep."""
    if console.is_terminal:
        _show_person(console, comparison, ending)
        return
    for line in plain_lines(comparison, ending):
        console.file.write(line + "\n")  # rich would turn the tabs into spaces


def plain_lines(comparison: Comparison, ending: Ending) -> Iterator[str]:
    """Yield the table in columns parted by tabs, then one fact a line."""
    if comparison.ranked:
        yield "\t".join(_header(comparison))
    for rank, result in enumerate(comparison.ranked, 1):
        yield "\t".join(_cells(comparison, rank, result))
    for result in comparison.others:
        yield "\t".join(
            (result.summary.status, str(result.number), result.label or "-", _reason(result), result.folder)
        )
    for text in _remarks(comparison, ending):
        yield f"note: {text}"
    yield f"comparison: {ending.table}"
    if ending.picture is not None:
        yield f"picture: {ending.picture}"
    if ending.learning is not None:
        yield f"learning: {ending.learning}"
    if ending.command is not None:
        yield f"next: {ending.command}"


def _show_person(console: Console, comparison: Comparison, ending: Ending) -> None:
    console.print()
    if comparison.ranked:
        table = Table(*_header(comparison), box=None)
        for rank, result in enumerate(comparison.ranked, 1):
            cells = _cells(comparison, rank, result)
            table.add_row(*map(escape, cells), style="bold green" if rank == 1 else None)
        console.print(table)
    for result in comparison.others:
        colour = "yellow" if result.summary.status == "refused" else "red"
        what = f"job {result.number} {escape(result.label)}".rstrip()
        console.print(f"  [{colour}]✗ {result.summary.status}[/]  {what}: {escape(_reason(result))}", soft_wrap=True)
        console.print(f"      [dim]{escape(result.folder)}[/]", soft_wrap=True)
    for text in _remarks(comparison, ending):
        console.print(f"  [yellow]![/] {escape(text)}", soft_wrap=True)
    console.print(f"  comparison  {escape(str(ending.table))}", soft_wrap=True)
    if ending.picture is not None:
        console.print(f"  picture     {escape(str(ending.picture))}", soft_wrap=True)
    if ending.learning is not None:
        console.print(f"  learning    {escape(str(ending.learning))}", soft_wrap=True)
    if ending.command is not None:
        console.print(f"  next        [bold]{escape(ending.command)}[/]", soft_wrap=True)


def _header(comparison: Comparison) -> list[str]:
    keys = list(comparison.ranked[0].choices)
    return ["rank", "job", *keys, str(comparison.metric), "95 % interval", *_beside(comparison), "train seconds"]


def _cells(comparison: Comparison, rank: int, result: JobResult) -> list[str]:
    metric = str(comparison.metric)
    low_high = interval(result, metric)
    return [
        str(rank),
        str(result.number),
        *result.choices.values(),
        _number(score(result, metric)),
        f"{numbers.shown(low_high[0])} to {numbers.shown(low_high[1])}" if low_high else "-",
        *(_number(score(result, name)) for name in _beside(comparison)),
        _trained(result),
    ]


def _trained(result: JobResult) -> str:
    """Return the seconds of the training; of one that was reused those of the run that did it."""
    seconds = result.train_seconds
    if seconds is None:
        return "reused" if result.is_reused else "-"
    return f"{seconds:.1f} (reused)" if result.is_reused else f"{seconds:.1f}"


def _beside(comparison: Comparison) -> list[str]:
    """Return two more metrics, those that measure something else than the one ranked by."""
    best = comparison.ranked[0].summary.metrics
    known = (best.validation or {}) if best is not None else {}
    return [name for name in _BESIDE if name in known and name != comparison.metric][:2]


def _remarks(comparison: Comparison, ending: Ending) -> Iterator[str]:
    """Yield what a person should know before choosing."""
    if ending.not_run:
        yield f"stopped: {ending.not_run} {'job was' if ending.not_run == 1 else 'jobs were'} not run"
    if not comparison.ranked:
        yield "no job succeeded: there is nothing to compare"
        return
    metric = str(comparison.metric)
    against = baseline(comparison.ranked[0], metric)
    if against is not None:
        yield f"the baseline has {metric} {numbers.shown(against)}; all numbers are of the validation set"
    if comparison.ties:
        yield (
            f"on these validation rows {comparison.ties} of the others cannot be told from the best: "
            "a 95 % interval overlaps that of the best"
        )
    yield from told(learnt(comparison)[:_TOLD])
    if not comparison.same_rows:
        yield "the validation rows changed while the sweep ran: the order means little"


def _reason(result: JobResult) -> str:
    return " ".join((result.summary.error or "").split())


def _number(value: float | None) -> str:
    return "undefined" if value is None else numbers.shown(value)
