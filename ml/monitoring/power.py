"""The smallest change that a window finds: what a verdict `ok` rules out, and what it cannot.

A change is found in a share `POWER` of all windows of this size, or more. Every function inverts the very test that
alarms, at the p-value below which that test alarms whatever the other tests of the window give. By simulation, what is
stated of a share is found in 77 to 82 % of the windows. What is stated of a shift of numbers is found in 94 % and more,
because the bound counts one point only. Half of either is found in at most 16 %.
"""

import math
from functools import lru_cache

from ml.monitoring.statistics import excess_p_value

POWER = 0.8
"""The share of windows in which a change of the size stated is found.

Source:
    J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition, Erlbaum 1988, section 2.4.
"""


def detectable_distance(alarm: float, first: int, second: int) -> float | None:
    """Return the smallest true distance whose measured value is above `alarm` with probability POWER.

    It holds for the largest difference of two distribution functions and for total variation alike: both are at least
    the difference of one share, which is about normal with a variance of at most (1 - distance²) / 4 for each value.

    Args:
        alarm: The measured distance from which on the test alarms.
        first: Size of one sample, at least 1.
        second: Size of the other.

    Returns:
        A distance from `alarm` to 1; None where no change is certain enough.

    Source:
        F. J. Massey, A note on the power of a non-parametric test, Ann. Math. Stat. 21 (1950), pages 440-443: the lower
        bound of the power that one point gives.
    """
    from scipy.special import ndtri

    if alarm >= 1:
        return None
    spread = float(ndtri(POWER)) ** 2 * (1 / first + 1 / second) / 4
    # The root of distance - sqrt(spread * (1 - distance²)) = alarm.
    return (alarm + math.sqrt(spread * (1 + spread - alarm**2))) / (1 + spread)


def kolmogorov_alarm(level: float, first: int, second: int) -> float:
    """Return the Kolmogorov-Smirnov distance that is as improbable as `level`: `kolmogorov_p_value` inverted."""
    from scipy.special import kolmogi

    root = math.sqrt(first * second / (first + second))
    return float(kolmogi(level)) / (root + 0.12 + 0.11 / root)


def detectable_variation(level: float, groups: int, first: int, second: int) -> float | None:
    """Return the smallest total variation that the chi-square test of homogeneity finds with probability POWER.

    A change of total variation v has a noncentrality of at least 4 v² for each value, by the inequality of Cauchy and
    Schwarz, whichever categories change: the figure is that of the change that is hardest to find.

    Args:
        level: The p-value to come below.
        groups: How many groups of categories are compared; fewer than two show nothing.
        first: Size of one sample, at least 1.
        second: Size of the other.

    Source:
        J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition, Erlbaum 1988, chapter 7: power by
        the noncentral chi-square distribution.
    """
    from scipy.special import chndtrinc
    from scipy.stats import chi2

    if groups < 2:
        return None
    freedom = groups - 1
    noncentrality = float(chndtrinc(chi2.isf(level, freedom), freedom, 1 - POWER))
    change = math.sqrt(noncentrality * (first + second) / (4 * first * second))
    return change if change < 1 else None


@lru_cache(maxsize=4096)
def detectable_share(rows: int, tolerated: float, level: float, hits: float, misses: float) -> float | None:
    """Return the smallest true share that `excess_p_value` finds in `rows` draws with probability POWER.

    Args:
        rows: Size of the window, at least 1.
        tolerated: The share that a window must be above to alarm.
        level: The p-value to come below.
        hits: As of `excess_p_value`.
        misses: As of `excess_p_value`.

    Returns:
        A share; None where even all rows would be no alarm.

    Source:
        C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934), pages 404-413:
        the share at which so many hits or more have a given probability.
    """
    from scipy.special import betaincinv

    low, high = math.floor(tolerated * rows), rows + 1  # low is no alarm, high is one or more than there are rows
    while high - low > 1:
        middle = (low + high) // 2
        if middle / rows > tolerated and excess_p_value(middle, rows, hits, misses) < level:
            high = middle
        else:
            low = middle
    return None if high > rows else float(betaincinv(high, rows - high + 1, POWER))
