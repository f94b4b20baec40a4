"""Distances between two samples, and how often chance alone would bring them about."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_SMALLEST_EXPECTED = 5.0


def kolmogorov_p_value(distance: float, first: int, second: int) -> float:
    """Return the probability of at least this Kolmogorov-Smirnov distance between two samples of one distribution.

    With ties (discrete values) the true probability is smaller: the test errs towards no alarm.

    Args:
        distance: Largest difference between the two distribution functions, 0 to 1.
        first: Size of one sample, at least 1.
        second: Size of the other sample, at least 1.

    Source:
        M. A. Stephens, Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive tables,
        J. R. Stat. Soc. B 32 (1970), pages 115-122: the correction that makes the limit good for small samples.
    """
    from scipy.special import kolmogorov

    root = np.sqrt(first * second / (first + second))
    return float(kolmogorov((root + 0.12 + 0.11 / root) * distance))


def total_variation(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Return half the sum of absolute differences of shares, 0 to 1: the share of values that would have to change.

    Args:
        first: Count or weight by category, with a sum above 0.
        second: The same for the other sample.

    Source:
        A. L. Gibbs and F. E. Su, On choosing and bounding probability metrics, Int. Stat. Review 70 (2002), pages
        419-435.
    """
    of_first, of_second = sum(first.values()), sum(second.values())
    names = first.keys() | second.keys()
    return 0.5 * sum(abs(first.get(name, 0) / of_first - second.get(name, 0) / of_second) for name in names)


def homogeneity_p_value(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Return the chi-square probability that two samples of counts come from the same categories with the same shares.

    Categories that would be expected less than five times in either sample are counted together; where only one group
    is left nothing can be compared and the result is 1.

    Args:
        first: Count by category, with a sum above 0.
        second: The same for the other sample.

    Source:
        W. G. Cochran, Some methods for strengthening the common chi-square tests, Biometrics 10 (1954), pages 417-451.
    """
    from scipy.stats import chi2_contingency

    table = contingency(first, second)
    return float(chi2_contingency(table, correction=False).pvalue) if table.shape[1] > 1 else 1.0


def contingency(first: Mapping[str, int], second: Mapping[str, int]) -> NDArray[np.float64]:
    """Return the counts of both samples by group, shape (2, groups); the rare categories are one group, the last."""
    names = sorted(first.keys() | second.keys())
    table = np.array([[sample.get(name, 0) for name in names] for sample in (first, second)], dtype=np.float64)
    shares = table.sum(axis=1, keepdims=True) / table.sum()
    common = (shares * table.sum(axis=0)).min(axis=0) >= _SMALLEST_EXPECTED
    rare = table[:, ~common].sum(axis=1, keepdims=True)
    return np.hstack([table[:, common], rare]) if rare.sum() > 0 else table[:, common]


def excess_p_value(count: int, rows: int, hits: float, misses: float) -> float:
    """Return the probability of at least `count` hits in `rows` draws when the rate is known as Beta(hits, misses).

    The tail of the beta-binomial distribution. After h hits in n reference rows Beta(h + 1, n - h + 1) is the rate's
    posterior; the share of new draws outside the range of n reference draws is Beta(2, n - 1), whatever is drawn from.

    Source:
        A. Gelman et al., Bayesian Data Analysis, 3rd edition, CRC 2013, appendix A; S. S. Wilks, Determination of
        sample sizes for setting tolerance limits, Ann. Math. Stat. 12 (1941), pages 91-96.
    """
    from scipy.stats import betabinom

    if count <= 0:
        return 1.0
    # The hits' upper tail is the misses' lower one, which SciPy sums; its `sf` is 1 - cdf, without digits below 1e-12.
    return float(min(1.0, betabinom.cdf(rows - count, rows, misses, hits)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number: alarming below a is false in at most a share a of all windows.

    Source:
        S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6 (1979), pages 65-70.
    """
    order = np.argsort(p_values)
    scaled = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in adjusted]
