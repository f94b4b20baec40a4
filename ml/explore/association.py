"""How much of the target one column explains by itself, so that columns of every type can be ranked together."""

import numpy as np
from numpy.typing import NDArray

from ml.explore.levels import Levels
from ml.explore.target import Target

LEAST_ROWS = 5
"""Groups of fewer rows count as one: what they seem to say of the target is chance."""
_MOST_WORK = 20_000_000
CLASSES = "the uncertainty coefficient, the share of the target's entropy that the column takes away"
NUMBERS = "epsilon squared, the share of the target's variance that lies between the column's groups"


def association(found: Levels, target: Target) -> float | None:
    """Return the measure of the task, between 0 and 1; None where the target does not vary."""
    groups = common(found.codes)
    if target.codes is not None:
        return uncertainty_coefficient(groups, target.codes)
    assert target.numbers is not None
    return epsilon_squared(groups, target.numbers)


def common(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the groups of rows, shape (rows,), with all of fewer than 5 rows as one."""
    counts = np.bincount(groups)
    return np.where(counts[groups] < LEAST_ROWS, len(counts), groups)


def uncertainty_coefficient(groups: NDArray[np.int64], classes: NDArray[np.int64]) -> float | None:
    """Return the mutual information of two labelings over the entropy of the second, both less what chance gives.

    Chance gives the mutual information expected when the classes are dealt out to the rows anew.

    Args:
        groups: Each row's group, shape (rows,), not negative.
        classes: Each row's class, shape (rows,), not negative.

    Returns:
        Between 0 and 1; None when there is one class only.

    Source:
        H. Theil, On the Estimation of Relationships Involving Qualitative Variables, American Journal of Sociology 76
        (1970); the correction: N. X. Vinh, J. Epps, J. Bailey, Information Theoretic Measures for Clusterings
        Comparison, JMLR 11 (2010).
    """
    groups, classes = (np.unique(codes, return_inverse=True)[1] for codes in (groups, classes))
    shape = (int(groups.max()) + 1, int(classes.max()) + 1)
    table = np.bincount(groups * shape[1] + classes, minlength=shape[0] * shape[1]).reshape(shape)
    total = table.sum()
    entropy = _entropy(table.sum(axis=0) / total)
    if entropy <= 0:
        return None
    shared = entropy + _entropy(table.sum(axis=1) / total) - _entropy(table.ravel() / total)
    chance = _by_chance(table)
    # Where every row is a group, chance gives everything.
    return float(np.clip((shared - chance) / (entropy - chance), 0.0, 1.0)) if entropy - chance > 1e-9 else 0.0


def _by_chance(table: NDArray[np.int64]) -> float:
    """Return the nats expected of a table with these sums; of very many rows G. Miller's (1955) approximation."""
    from scipy.sparse import csr_matrix
    from sklearn.metrics.cluster import expected_mutual_information

    total = int(table.sum())
    if min(table.shape) * total > _MOST_WORK:
        return float((table.shape[0] - 1) * (table.shape[1] - 1) / (2 * total))
    return float(expected_mutual_information(csr_matrix(table), total))


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
    from scipy.special import entr

    return float(entr(shares).sum())
