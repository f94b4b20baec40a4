"""How much of the target one column explains by itself, so that columns of every type can be ranked together."""

import numpy as np
from numpy.typing import NDArray

from ml.explore.levels import Levels
from ml.explore.target import Target

CLASSES = "the uncertainty coefficient, the share of the target's entropy that the column takes away"
NUMBERS = "epsilon squared, the share of the target's variance that lies between the column's groups"


def association(found: Levels, target: Target) -> float | None:
    """Return the measure of the task, between 0 and 1; None where the target does not vary."""
    if target.codes is not None:
        return uncertainty_coefficient(found.codes, target.codes)
    assert target.numbers is not None
    return epsilon_squared(found.codes, target.numbers)


def uncertainty_coefficient(groups: NDArray[np.int64], classes: NDArray[np.int64]) -> float | None:
    """Return the mutual information of two labelings over the entropy of the second, less what chance gives.

    Chance gives (r - 1)(c - 1) / 2n nats for r groups and c classes in n rows.

    Args:
        groups: Each row's group, shape (rows,), not negative.
        classes: Each row's class, shape (rows,), not negative.

    Returns:
        Between 0 and 1; None when there is one class only.

    Source:
        H. Theil, On the Estimation of Relationships Involving Qualitative Variables, American Journal of Sociology 76
        (1970); the correction: G. Miller, Note on the Bias of Information Estimates (1955).
    """
    width = int(classes.max()) + 1
    table = np.bincount(groups * width + classes, minlength=(int(groups.max()) + 1) * width).reshape(-1, width)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    total = table.sum()
    entropy = _entropy(table.sum(axis=0) / total)
    if entropy <= 0:
        return None
    shared = entropy + _entropy(table.sum(axis=1) / total) - _entropy(table.ravel() / total)
    chance = (table.shape[0] - 1) * (table.shape[1] - 1) / (2 * total)
    return float(np.clip((shared - chance) / entropy, 0.0, 1.0))


def epsilon_squared(groups: NDArray[np.int64], numbers: NDArray[np.float64]) -> float | None:
    """Return the squared correlation ratio of numbers in groups, corrected for the number of groups.

    Args:
        groups: Each row's group, shape (rows,), not negative.
        numbers: Each row's number, shape (rows,), finite.

    Returns:
        Between 0 and 1; None when the numbers are all equal or there are no more rows than groups.

    Source:
        K. Pearson, On the general theory of skew correlation (1905); the correction: T. Kelley, An unbiased
        correlation ratio measure, PNAS 21 (1935).
    """
    counts = np.bincount(groups)
    used = int(np.count_nonzero(counts))
    scale = float(np.abs(numbers).max())
    if not scale or len(numbers) <= used:
        return None
    scaled = numbers / scale  # squares of very large numbers would overflow
    total = float(((scaled - scaled.mean()) ** 2).sum())
    if total <= 0:
        return None
    means = np.bincount(groups, weights=scaled) / np.maximum(counts, 1)
    within = float(((scaled - means[groups]) ** 2).sum())
    return float(np.clip(1 - within / (len(numbers) - used) * (len(numbers) - 1) / total, 0.0, 1.0))


def _entropy(shares: NDArray[np.float64]) -> float:
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())
