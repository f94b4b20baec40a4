"""Which rate is tried next: doubled until it is too much, then halved between what held and what did not."""

from collections.abc import Sequence

from schemas.capacity import Trial

_TRIES = 2
_KNOWN = 1.1  # what was too much is at most so many times what held
NEAR = 1.04
"""Two rates that are nearer to each other than this factor are not told apart."""


def next_rate(trials: Sequence[Trial], budget: float, first: float) -> float | None:
    """Return the rate to try next, None once it is known well enough.

    Args:
        trials: What was tried.
        budget: Seconds for 99 of 100 requests.
        first: Requests a second to begin with.
    """
    if any(trial.is_of_the_client(budget) and trial.holds(budget) for trial in trials):
        return None
    if trials and _is_to_be_repeated(trials, budget):
        return trials[-1].rate
    held = [trial.rate for trial in trials if trial.holds(budget)]
    broke = [trial.rate for trial in trials if not trial.holds(budget) and trial.rate not in held]
    low, high = max(held, default=None), min(broke, default=None)
    if high is None:
        return first if low is None else 2 * low
    if low is None or low >= high:
        return high / 2 if high > 1 else None
    return None if high / low <= NEAR else (low * high) ** 0.5


def _is_to_be_repeated(trials: Sequence[Trial], budget: float) -> bool:
    """Say whether the last trial broke without being plainly too much: others may have been at work on the machine."""
    last = trials[-1]
    tries = sum(trial.rate == last.rate for trial in trials)
    return tries < _TRIES and not last.cut_off and not last.holds(budget)


def best(trials: Sequence[Trial], budget: float) -> Trial | None:
    """Return the trial of the largest rate below the lowest that was too much, None where none held."""
    held = [trial.rate for trial in trials if trial.holds(budget)]
    broke = (trial.rate for trial in trials if not trial.holds(budget) and trial.rate not in held)
    high = min(broke, default=float("inf"))
    return max(
        (trial for trial in trials if trial.holds(budget) and trial.rate <= high),
        key=lambda one: one.rate,
        default=None,
    )


def is_known(trials: Sequence[Trial], budget: float) -> bool:
    """Say whether a rate was too much that is near the best one; else it may be more."""
    found = best(trials, budget)
    over = [trial.rate for trial in trials if not trial.holds(budget) and not trial.is_of_the_client(budget)]
    return found is not None and any(found.rate < rate <= found.rate * _KNOWN for rate in over)
