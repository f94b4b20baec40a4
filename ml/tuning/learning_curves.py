"""What the learning curves of several jobs show beside each other, in words."""

from collections.abc import Iterator, Sequence
from math import isfinite
from statistics import median

from schemas.learning import LearningCurves
from schemas.numbers import shown
from schemas.sweep import Comparison, JobResult

Learnt = tuple[JobResult, LearningCurves]
_CLEARLY = 1.5  # ratio from which a difference in steadiness is worth a sentence
_FIRST = 5.0  # seconds that a process's first training may take for imports and compilation alone


def learnt(comparison: Comparison) -> list[Learnt]:
    """Return the jobs that learnt by epochs, in the order of their numbers; none where losses cannot be compared.

    That is so of one job alone, and of losses that are not of one kind.
    """
    found = [(job, job.learning) for job in comparison.ranked if job.learning is not None and job.learning.training]
    comparable = len(found) > 1 and len({(curves.loss, bool(curves.validation)) for _, curves in found}) == 1
    return sorted(found, key=lambda pair: pair[0].number) if comparable else []


def told(jobs: Sequence[Learnt]) -> list[str]:
    """Return a sentence on the course of each job, then what sets them apart; nothing of less than two."""
    return [*(_course(job, curves) for job, curves in jobs), *_differences(jobs)] if len(jobs) > 1 else []


def watched(curves: LearningCurves) -> list[float]:
    """Return the loss by which epochs are chosen: on the validation rows, where there are any."""
    return curves.validation or curves.training


def unsteadiness(losses: Sequence[float]) -> float:
    """Return how far a loss is from the mean of its neighbours, the median over the later half of the epochs.

    A loss that falls steadily is on it, however fast it falls.
    """
    first = max(len(losses) // 2, 1)
    inner = range(first, len(losses) - 1)
    return median(abs(losses[at] - (losses[at - 1] + losses[at + 1]) / 2) for at in inner) if inner else 0.0


def _course(job: JobResult, curves: LearningCurves) -> str:
    losses = watched(curves)
    which = "validation" if curves.validation else "training"
    took = "" if job.train_seconds is None else f", in {job.train_seconds:.1f} s"
    return (
        f"{job.label}: the {which} loss was lowest after epoch {curves.best_epoch} of {len(losses)} "
        f"({shown(losses[curves.best_epoch - 1])}) and {shown(losses[-1])} at the end, jumping by "
        f"{shown(unsteadiness(losses))} around its course in the later half{took}"
    )


def _differences(jobs: Sequence[Learnt]) -> Iterator[str]:
    by_steadiness = sorted(jobs, key=lambda pair: unsteadiness(watched(pair[1])))
    (steady, smooth), (restless, rough) = by_steadiness[0], by_steadiness[-1]
    least, most = unsteadiness(watched(smooth)), unsteadiness(watched(rough))
    if least > 0 and isfinite(most) and most / least >= _CLEARLY:
        ratio = f"{most / least:.1f} times as much"
        yield f"the loss of {restless.label} jumps {ratio} as that of {steady.label}"
    kept = [(watched(curves)[curves.best_epoch - 1], job.label) for job, curves in jobs]
    loss, label = min(kept)
    yield f"the lowest loss is that of {label}, {shown(loss)}"
    timed = sorted((job.train_seconds, job.label) for job, _ in jobs if job.train_seconds and not job.is_reused)
    if len(timed) == len(jobs) and timed[-1][0] - timed[0][0] > _FIRST:
        yield f"{timed[-1][1]} took {timed[-1][0] / timed[0][0]:.1f} times as long to train as {timed[0][1]}"
