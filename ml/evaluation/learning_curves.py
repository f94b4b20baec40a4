"""What the losses by epoch show of the training, in text and figures, and what to try."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

from schemas.learning import Diagnosis
from schemas.numbers import shown

_HARDLY = 0.05  # share of a constant prediction's loss that must at least be won
_FALLING = 0.05  # share of the loss won in the last tenth of the epochs that counts as still falling
_STEADILY = 0.05  # share of all that was won which, won in the last tenth, shows no levelling off
_COLLAPSE = 0.1  # share of a constant prediction's loss by which both losses must have risen again
_RISEN = 0.15  # share by which the validation loss must have risen above its lowest
_GAP = 1 / 3  # share of what was won on the training set that may be missing on the validation set
_JUMP = 0.15  # share of the loss that it changes by from one epoch to the next
_SMALL = 0.02  # share of a constant prediction's loss that no difference below matters
_TINY = 0.005  # the same for what is won by steady steps, whose direction is beyond doubt
_LARGEST = 1e300  # beyond it sums overflow
_FEWEST = 6  # epochs from which a course can be read


def diagnose(
    training: Sequence[float], validation: Sequence[float], constant: float, best_epoch: int, *, stopped_early: bool
) -> tuple[Diagnosis, str]:
    """Say whether a training went well, why, and what to try.

    Args:
        training: Loss on the training rows after each epoch, in the validation loss's unit.
        validation: The same on the validation rows; empty where there were none.
        constant: Training loss of the best prediction that is the same for every row.
        best_epoch: The epoch whose weights were kept, from 1.
        stopped_early: Whether training ended because the validation loss got no better.
    """
    if not training or not all(abs(loss) < _LARGEST for loss in [*training, *validation, constant]):
        return "noisy", "A loss is not a number: the training diverged. Try a smaller learning_rate."
    if constant <= 0:
        return "fine", "All training rows have the same target value, which is learnt at once."
    kept = min(max(best_epoch, 1), len(training))
    found = _too_little(training, constant) or _collapsed(training, validation, constant, kept)
    if validation:
        found = found or _jumps(validation, constant)
        found = found or _turned_up(training, validation, constant, min(kept, len(validation)))
        found = found or _gap(training[kept - 1], validation[min(kept, len(validation)) - 1], constant, kept)
    if not stopped_early:
        found = found or _still_falling(training, validation or training, constant)
    return found or ("fine", _fine(training, validation, constant, kept))


def _too_little(training: Sequence[float], constant: float) -> tuple[Diagnosis, str] | None:
    lowest = min(training)
    if lowest < (1 - _HARDLY) * constant:
        return None
    below, rate = ("hardly", "a larger") if lowest < constant else ("not", "another")
    return "underfits", (
        f"The training loss came down to {shown(lowest)}, {below} below the {shown(constant)} of a prediction that is "
        f"the same for every row. Try {rate} learning_rate (0.001 is usual), more epochs or "
        "wider layers, less dropout and l2; if that changes nothing, the columns say little about the target."
    )


def _collapsed(
    training: Sequence[float], validation: Sequence[float], constant: float, kept: int
) -> tuple[Diagnosis, str] | None:
    """Find losses that had come down and rose again, that of the training rows too."""
    tail = max(1, len(training) // 10)
    at = min(kept, len(validation)) if validation else training.index(min(training)) + 1
    lows = [one[at - 1] for one in (training, validation) if one]
    ends = [fmean(one[-tail:]) for one in (training, validation) if one]
    if any(end - low <= max(_RISEN * low, _COLLAPSE * constant) for low, end in zip(lows, ends, strict=True)):
        return None
    beside = f", on the validation rows from {shown(lows[1])} to {shown(ends[1])}" if validation else ""
    return "noisy", (
        f"The training is unstable: after epoch {at} the loss rose from {shown(lows[0])} to {shown(ends[0])} on the "
        f"training rows{beside}; a prediction that is the same for every row has {shown(constant)}. The weights of "
        f"epoch {kept} were kept. Try a smaller learning_rate, or a larger batch_size."
    )


def _jumps(validation: Sequence[float], constant: float) -> tuple[Diagnosis, str] | None:
    """Find ups and downs in the later half, where the first steep fall is over."""
    later = validation[len(validation) // 2 :]
    steps = [after - before for before, after in pairwise(later)]
    if len(validation) < _FEWEST or not steps:
        return None
    jump, ups = median(map(abs, steps)), sum(step > 0 for step in steps)
    level = median(later)
    if jump <= max(_JUMP * level, _SMALL * constant) or not 0.25 <= ups / len(steps) <= 0.75:
        return None
    return "noisy", (
        f"The validation loss jumps by {shown(jump)} from one epoch to the next, around {shown(level)}. Try a smaller "
        "learning_rate or a larger batch_size; with few validation rows, a larger split.validation."
    )


def _turned_up(
    training: Sequence[float], validation: Sequence[float], constant: float, kept: int
) -> tuple[Diagnosis, str] | None:
    tail = max(1, len(validation) // 10)
    lowest, end = validation[kept - 1], fmean(validation[-tail:])
    well_before = len(validation) - kept >= max(3, len(validation) // 10)
    risen = end - lowest > max(_RISEN * lowest, _SMALL * constant)
    if not (well_before and risen and training[-1] < training[kept - 1]):
        return None
    return "overfits", (
        f"The validation loss was lowest, {shown(lowest)}, after epoch {kept} and rose to {shown(end)} by epoch "
        f"{len(validation)}, while the training loss went on falling from {shown(training[kept - 1])} to "
        f"{shown(training[-1])}. The weights of epoch {kept} were kept. Try dropout or l2, fewer or narrower layers, "
        "a smaller learning_rate, or more rows."
    )


def _gap(learnt: float, watched: float, constant: float, kept: int) -> tuple[Diagnosis, str] | None:
    won, missing = constant - learnt, watched - learnt
    if missing <= max(_GAP * won, _SMALL * constant):
        return None
    return "overfits", (
        f"After epoch {kept}, whose weights were kept, the loss was {shown(learnt)} on the training rows and "
        f"{shown(watched)} on the validation rows; a prediction that is the same for every row has {shown(constant)}. "
        "Try dropout or l2, fewer or narrower layers, or more rows."
    )


def _still_falling(
    training: Sequence[float], watched: Sequence[float], constant: float
) -> tuple[Diagnosis, str] | None:
    """Find losses that are clearly lower in the last tenth of the epochs than in the tenth before."""
    tail = max(2, len(training) // 10) if len(training) >= _FEWEST else 1
    if min(len(training), len(watched)) < 2 * tail:
        return None
    before, last = ([fmean(one[start:end]) for one in (training, watched)] for start, end in _tenths(tail))
    falls = [early - late for early, late in zip(before, last, strict=True)]
    wons = [one[0] - late for one, late in zip((training, watched), last, strict=True)]
    fast = all(fall > max(_FALLING * level, _SMALL * constant) for fall, level in zip(falls, last, strict=True))
    steady = all(fall > max(_STEADILY * won, _TINY * constant) for fall, won in zip(falls, wons, strict=True))
    if not fast and not (steady and len(training) >= _FEWEST):
        return None
    within = (
        f"within the last {tail} of {len(training)} epochs" if tail > 1 else f"in the last of {len(training)} epochs"
    )
    return "underfits", (
        f"The loss was still falling when the epochs were used up: by {shown(falls[0])} on the training rows {within}, "
        f"down to {shown(training[-1])}. Try more epochs or a larger learning_rate."
    )


def _tenths(tail: int) -> tuple[tuple[int, int | None], ...]:
    return (-2 * tail, -tail), (-tail, None)


def _fine(training: Sequence[float], validation: Sequence[float], constant: float, kept: int) -> str:
    beside = f" and {shown(validation[min(kept, len(validation)) - 1])} on the validation rows" if validation else ""
    short = "" if len(training) >= _FEWEST else " So few epochs show no course."
    return (
        f"After epoch {kept} of {len(training)}, whose weights were kept, the loss was {shown(training[kept - 1])} on "
        f"the training rows{beside}; a prediction that is the same for every row has {shown(constant)}.{short}"
    )
