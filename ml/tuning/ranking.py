"""Which job of a sweep is best, and which cannot be told from it."""

from collections.abc import Sequence

from schemas.metrics import HIGHER_IS_BETTER
from schemas.sweep import Comparison, JobResult

Interval = tuple[float, float]


def compare(results: Sequence[JobResult]) -> Comparison:
    """Rank the jobs that succeeded by their metric on the validation set, best first.

    A job whose metric is undefined (no probabilities, say) comes last; equal ones keep the order they ran in.
    """
    done = [result for result in results if _is_ranked(result)]
    others = [result for result in results if not _is_ranked(result)]
    if not done:
        return Comparison(metric=None, ranked=[], others=others)
    metric = str(done[0].metric)
    ranked = sorted(done, key=lambda result: _badness(result, metric))
    best = interval(ranked[0], metric)
    return Comparison(
        metric=metric,
        ranked=ranked,
        others=others,
        ties=sum(_overlap(best, interval(result, metric)) for result in ranked[1:]),
        same_rows=len({result.rows for result in done}) == 1,
    )


def score(result: JobResult, metric: str) -> float | None:
    """Return a metric on the validation set, None where it is undefined."""
    metrics = result.summary.metrics
    return None if metrics is None else (metrics.validation or {}).get(metric)


def interval(result: JobResult, metric: str) -> Interval | None:
    """Return a metric's 95 % interval on the validation set, None where there is none."""
    metrics = result.summary.metrics
    return None if metrics is None else metrics.intervals.get("validation", {}).get(metric)


def baseline(result: JobResult, metric: str) -> float | None:
    """Return the baseline's metric on the validation set."""
    found = result.summary.baseline
    return None if found is None else found.metrics.get("validation", {}).get(metric)


def _is_ranked(result: JobResult) -> bool:
    return result.summary.status == "succeeded" and result.metric is not None


def _badness(result: JobResult, metric: str) -> tuple[bool, float]:
    value = score(result, metric)
    if value is None:
        return True, 0.0
    return False, -value if HIGHER_IS_BETTER[metric] else value


def _overlap(one: Interval | None, other: Interval | None) -> bool:
    return one is not None and other is not None and one[0] <= other[1] and other[0] <= one[1]
