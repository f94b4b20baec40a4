"""Predictions against the labels that have arrived: does the model still do what it did on its test set?"""

import math
from collections.abc import Sequence

import numpy as np

from ml.evaluation.metrics import intervals, scores, why_undefined
from ml.monitoring.labelled import Labelled, encode
from schemas.base import Task
from schemas.evaluation import Evaluation, Scores
from schemas.metrics import AUTO, HIGHER_IS_BETTER, TASKS, resolve_metric
from schemas.monitoring import SEVERITY, MonitoringReport, Performance, Review, Verdict
from schemas.numbers import percent, shown
from schemas.review import ReviewRecord
from schemas.run import MonitorSpec
from schemas.signature import Output
from schemas.timestamps import iso

FALLBACK: dict[Task, tuple[str, ...]] = {
    "binary": ("balanced_accuracy", "accuracy"),
    "multiclass": ("balanced_accuracy", "accuracy"),
    "regression": ("root_mean_squared_error", "mean_absolute_error"),
    "forecast": ("symmetric_mean_absolute_percentage_error",),
}
"""What is judged, in this order, where the run's metric is undefined. Of series it is free of their unit: which ones
are asked for changes, and an error of large ones tells nothing of small ones."""
_SKEWED = 0.1
Interval = tuple[float, float]


def performance(
    found: Labelled, output: Output, expected: Evaluation | None, metric: str, spec: MonitorSpec, *, seed: int
) -> Performance:
    """Score one version's predictions against its labels and compare with its test set.

    Args:
        found: The version's labelled predictions. Never raises for what they hold.
        output: What the version predicts.
        expected: What was measured of it before it was deployed; None when that is not known.
        metric: The run's metric, `auto` included; where it is undefined the first defined of FALLBACK is judged.
        spec: The fewest labels for a verdict.
        seed: Draws the bootstrap.
    """
    pairs = encode(found, output)
    with np.errstate(all="ignore"):  # numbers whose squares are infinite: the metric is undefined then
        values = scores(pairs.task, pairs.target, pairs.predictions)
        bounds = intervals(pairs.task, pairs.target, pairs.predictions, seed=seed)
    is_conclusive = metric in AUTO or pairs.task in TASKS.get(metric, ())
    wanted = resolve_metric(metric if is_conclusive else "auto", pairs.task)
    name = next((one for one in (wanted, *FALLBACK[pairs.task]) if values.get(one) is not None), wanted)
    before = Evaluation(metrics={}) if expected is None else expected
    tested, tested_bounds = before.metrics.get("test", {}).get(name), before.intervals.get("test", {}).get(name)
    verdict, why = _verdict(len(pairs), name, values, bounds.get(name), tested, tested_bounds, spec)
    return Performance(
        version=found.version,
        labelled=len(pairs),
        predictions=found.predictions,
        metric=name,
        value=values.get(name),
        interval=bounds.get(name),
        expected=tested,
        expected_interval=tested_bounds,
        scores=values,
        handed_over=_routed_shares(found),
        first=iso(found.times[0]) if found.times else None,
        last=iso(found.times[-1]) if found.times else None,
        verdict=verdict,
        why=" ".join(
            [why, *_other_metric(wanted, name, values, is_judged=len(pairs) >= spec.min_labels), *_skew(found, spec)]
        ),
    )


def for_comparison(found: Labelled, output: Output, metric: str, spec: MonitorSpec, *, seed: int) -> Performance:
    """Score a version that is not in production: for comparison, so without a verdict."""
    seen = performance(found, output, None, metric, spec, seed=seed)
    measured = f"{_measured(seen.metric, seen.value, seen.interval)} on {_count(seen.labelled)}. "
    why = f"{measured}Not judged: the version is not in production."
    return seen.model_copy(update={"verdict": "no_verdict", "why": why})


def with_labels(report: MonitoringReport, found: Sequence[Performance], review: Review | None) -> MonitoringReport:
    """Add performance and review to a report; predictions that became worse make its verdict `drift` or keep worse.

    What labels cannot show does not take back what the columns show.
    """
    own = next((one for one in found if one.version == report.version), None)
    verdict, why = report.verdict, report.why
    if own is not None:
        worse = own.verdict == "drift"
        verdict = min(verdict, "drift", key=SEVERITY.index) if worse else verdict
        parts = [f"The predictions have become worse: {own.why}", why] if worse else [why, f"Against labels: {own.why}"]
        why = " ".join(parts)
    ranked = [*([own] if own else []), *(one for one in found if one is not own)]
    return report.model_copy(update={"verdict": verdict, "why": why, "performance": ranked, "review": review})


def review_of(needs_review: Sequence[bool], record: ReviewRecord | None) -> Review | None:
    """Count what a window routed to review; None for an empty window."""
    if not needs_review:
        return None
    routed = sum(needs_review)
    expected = None if record is None else record.handed_over
    return Review(handed_over=routed, share=routed / len(needs_review), expected_share=expected)


def _verdict(
    labels: int,
    name: str,
    values: Scores,
    interval: Interval | None,
    tested: float | None,
    tested_bounds: Interval | None,
    spec: MonitorSpec,
) -> tuple[Verdict, str]:
    value = values.get(name)
    measured = f"{_measured(name, value, interval)} on {_count(labels)}"
    if labels < spec.min_labels:
        return "no_verdict", f"{measured}; a verdict needs {spec.min_labels}."
    if value is None or interval is None:
        return "no_verdict", f"{measured}: {why_undefined(name, values)}."
    if tested is None or tested_bounds is None:
        return "no_verdict", f"{measured}; the package does not state what {name} was on the test set."
    then = f"{shown(tested)} ({shown(tested_bounds[0])} to {shown(tested_bounds[1])}) on the test set"
    worse = interval[1] < tested_bounds[0] if HIGHER_IS_BETTER[name] else interval[0] > tested_bounds[1]
    return ("drift", f"{measured}, {then} before.") if worse else ("ok", f"{measured}, {then}.")


def _measured(name: str, value: float | None, interval: Interval | None) -> str:
    if value is None:
        return f"{name} is undefined"
    return f"{name} {shown(value)}" + (f" ({shown(interval[0])} to {shown(interval[1])})" if interval else "")


def _count(labels: int) -> str:
    return f"{labels:,} labelled prediction{'s' if labels != 1 else ''}"


def _other_metric(wanted: str, shown: str, values: Scores, *, is_judged: bool) -> list[str]:
    """Say so where another metric than the run's is shown; too few labels are reason enough for having no verdict."""
    if shown == wanted or not is_judged:
        return []
    return [f"{wanted} is undefined on these labels ({why_undefined(wanted, values)}), so {shown} is judged."]


def _routed_shares(found: Labelled) -> tuple[float, float] | None:
    if not len(found) or not found.predictions:
        return None
    return sum(found.needs_review) / len(found), found.handed_over / found.predictions


def _skew(found: Labelled, spec: MonitorSpec) -> list[str]:
    """Say so when people have labelled mostly what was routed to review: those are the hard ones."""
    shares = _routed_shares(found)
    if shares is None or len(found) < spec.min_labels:
        return []
    labelled, overall = shares
    chance = 2 * math.sqrt(overall * (1 - overall) / len(found))
    if abs(labelled - overall) <= max(_SKEWED, chance):
        return []
    kind, way = ("hard", "worse") if labelled > overall else ("easy", "better")
    return [
        f"The labels favour {kind} rows: {percent(labelled, 0)} of the labelled predictions needed review, and "
        f"{percent(overall, 0)} of all, so the figures look {way} than they are."
    ]
