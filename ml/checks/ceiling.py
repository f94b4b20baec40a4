"""How good a model can get: what rows with equal inputs and other targets leave to no model to find out.

A model that reads the same gives the same answer, so that whatever equal rows disagree about is lost to all of them:
noise in the target, or what depends on something that is in no column.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.features.matrix import encode
from schemas.column_types import SCALAR_TYPES
from schemas.data import TableSchema
from schemas.evaluation import Ceiling, DataCheck
from schemas.numbers import shown

FEWEST_GROUPS = 30
"""Inputs that come more than once, below which an interval says nothing."""
SMALLEST_SHARE = 0.5
"""Share of the rows that must have such inputs: the others are taken to be like them."""
_Z = 1.959963984540054  # of a normal distribution, 95 % on both sides


def find_ceiling(rows: pd.DataFrame, schema: TableSchema) -> Ceiling | None:
    """Return the ceiling of `accuracy` or `r2`; None where too few rows have equal inputs.

    Where equal rows are copies of one observation they agree for no reason, and the ceiling is lower than it looks.
    """
    target = encode(rows, schema.problem)
    known = ~np.isnan(target) if schema.problem.classes is None else target >= 0
    seen = [column for column in schema.columns if column.type != "drop"]
    names = [column.name for column in seen]
    whole = all(column.type in SCALAR_TYPES for column in seen)  # arrays are hardly ever equal, and long to compare
    if not names or not whole or not known.any() or _mostly_single(rows, names):
        return None
    numbered = rows.loc[known, names].groupby(names, sort=False, dropna=False).ngroup()
    groups: NDArray[np.int64] = np.array(numbered, dtype=np.int64)
    target = target[known]
    sizes = np.bincount(groups)
    repeated = sizes >= 2
    share = float(sizes[repeated].sum() / len(target))
    if repeated.sum() < FEWEST_GROUPS or share < SMALLEST_SHARE:
        return None
    classes = len(schema.problem.classes or ())
    found = disagreements(groups, target) if classes else variances(groups, target)
    value, low, high = weighted_mean(found[repeated], sizes[repeated].astype(np.float64))
    if classes:
        bounds = [1 - least_error(one, classes) for one in (value, high, low)]
        metric = "accuracy"
    else:
        variance = float(target.var())
        if variance == 0:
            return None
        bounds = [1 - one / variance for one in (value, high, low)]
        metric = "r2"
    return Ceiling.model_validate(
        {
            **dict(zip(("value", "low", "high"), bounds, strict=True)),
            "metric": metric,
            "disagreement": value,
            "groups": int(repeated.sum()),
            "share": share,
        }
    )


def _mostly_single(rows: pd.DataFrame, names: list[str]) -> bool:
    """Say whether too few rows have equal inputs; one column alone shows it of most tables.

    Where a share of the rows repeats, there are at most 1 - share / 2 times as many inputs as rows.
    """
    most = (1 - SMALLEST_SHARE / 2) * len(rows)
    likeliest = sorted(names, key=lambda name: rows[name].dtype.kind != "f")
    if any(rows[name].nunique(dropna=False) > most for name in likeliest):
        return True
    return bool(rows.duplicated(names, keep=False).mean() < SMALLEST_SHARE)


def check_ceiling(found: Ceiling | None, target: str) -> list[DataCheck]:
    """Return what equal rows say of the best score, as a check that always holds; nothing where they are too few."""
    if found is None:
        return []
    message = explained(found)
    return [DataCheck(name="ceiling", column=target, severity="warn", passed=True, value=found.value, message=message)]


def explained(found: Ceiling) -> str:
    """Return the ceiling in a sentence, with where it comes from."""
    where = f"{found.groups:,} inputs come more than once, in {found.share:.0%} of the rows"
    if found.disagreement == 0:
        return f"{where}, and equal rows always have the same target: nothing found here keeps a model from being right"
    if found.metric == "r2":
        return (
            f"{where}; among equal rows the target still has a standard deviation of {shown(found.disagreement**0.5)}, "
            f"so no model that reads these columns reaches an r2 above {_range(found)}, however it is tuned: the rest "
            "is noise, or hangs on what is in no column (pure error; Draper and Smith, Applied Regression Analysis)"
        )
    return (
        f"{where}; of two equal rows {found.disagreement:.1%} have other labels, so no model that reads these columns "
        f"is right in more than {_range(found)} of the rows, however it is tuned: the rest is noise in the labels, or "
        "hangs on what is in no column (bound of Cover and Hart, 1967)"
    )


def _range(found: Ceiling) -> str:
    if found.metric == "r2":
        return f"{shown(found.value)} ({shown(found.low)} to {shown(found.high)})"
    return f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"


def disagreements(groups: NDArray[np.int64], codes: NDArray[Any]) -> NDArray[np.float64]:
    """Return for each group the share of its pairs of rows that have other classes, (groups,); 0 of a single row.

    Each is an unbiased estimate of the probability that two draws of the target at this input differ, 1 - sum p².
    """
    sizes = np.bincount(groups).astype(np.float64)
    cells, counts = np.unique(np.stack([groups, codes]), axis=1, return_counts=True)
    alike = np.bincount(cells[0].astype(np.int64), weights=counts * (counts - 1.0), minlength=len(sizes))
    pairs = sizes * (sizes - 1)
    return np.where(pairs > 0, 1 - alike / np.maximum(pairs, 1), 0.0)


def variances(groups: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each group's unbiased variance, (groups,); 0 of a single row."""
    sizes = np.bincount(groups).astype(np.float64)
    means = np.bincount(groups, weights=values) / sizes
    squares = np.bincount(groups, weights=(values - means[groups]) ** 2)
    return np.where(sizes > 1, squares / np.maximum(sizes - 1, 1), 0.0)


def weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the weighted mean over groups and its 95 % interval, not below 0.

    Where all values are 0 its upper end is 3 by the number of groups (J. A. Hanley and A. Lippman-Hand, If nothing goes
    wrong, is everything all right?, JAMA 249, 1983).

    Source:
        W. G. Cochran, Sampling Techniques, Wiley 1977, chapter 6: the variance of a ratio of sums over clusters.
    """
    total, count = weights.sum(), len(values)
    mean = float((weights * values).sum() / total)
    if not values.any():
        return 0.0, 0.0, 3 / count
    spread = ((weights * (values - mean)) ** 2).sum() * count / (count - 1)
    half = _Z * math.sqrt(spread) / total
    return mean, max(mean - half, 0.0), mean + half


def least_error(disagreement: float, classes: int) -> float:
    """Return the smallest error that any classifier can have where two draws at an input differ this often.

    Exact where labels are wrong equally often everywhere, with wrong ones spread evenly; else the truth is above it.

    Source:
        T. M. Cover and P. E. Hart, Nearest neighbor pattern classification, IEEE Trans. Inf. Theory 13 (1967), pages
        21-27: the error of the nearest neighbour, R <= R*(2 - K/(K-1) R*), solved for R*.
    """
    most = (classes - 1) / classes
    return most * (1 - math.sqrt(max(1 - disagreement / most, 0.0)))
