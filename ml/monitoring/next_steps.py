"""What a person can do about a verdict, in the order in which it helps."""

from collections.abc import Iterator, Sequence

from schemas.alert import Change, NextStep
from schemas.monitoring import MonitoringReport


def next_steps(report: MonitoringReport, changes: Sequence[Change], page: str | None) -> list[NextStep]:
    """Return what to do next.

    Args:
        report: The verdict.
        changes: What changed.
        page: The file of the HTML report.
    """
    steps = [NextStep(what=f"Open the report: {page}")] if page else []
    return [*steps, *_WAYS[report.verdict](report, {one.kind for one in changes})]


def _about_schema(report: MonitoringReport, _kinds: set[str]) -> Iterator[NextStep]:
    yield NextStep(what="Look at who sends the rows: columns are missing, or hold another type than in training")
    yield NextStep(what="See what the service takes and refuses", command=f"python -m serving status {report.model}")


def _about_drift(report: MonitoringReport, kinds: set[str]) -> Iterator[NextStep]:
    if "column" in kinds:
        yield NextStep(what="Ask whether the world has changed or the data: unit, source and meaning of these columns")
    if "labels" not in kinds:
        yield NextStep(what="Label some recent predictions (POST /feedback), to see whether they have become worse")
    else:
        yield NextStep(
            what="If the version before was better on such rows, go back to it",
            command=f"python -m serving rollback {report.model}",
        )
    yield NextStep(what="If the new rows are here to stay, train on them: run the experiment with pipeline=training")


def _about_nothing(_report: MonitoringReport, _kinds: set[str]) -> Iterator[NextStep]:
    yield NextStep(what="Take a longer window (monitor.window), or see why so few rows or values come")


_WAYS = {"schema_alarm": _about_schema, "drift": _about_drift, "no_verdict": _about_nothing}
