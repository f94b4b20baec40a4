"""What columns have to do with each other: rank correlations, common gaps, rows that repeat."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from schemas.data import TableSchema
from schemas.exploration import Correlations, Gaps, Pair, Pattern, Repeats

STRONGEST, MAPPED = 20, 30
"""Pairs listed; so many columns of numbers at most have a map of all pairs."""
MOST = 1000
"""Columns of which every two are compared: memory and time grow with their square."""
LEAST = 0.3
PATTERNS = 8
MISSING_TOGETHER = 0.5
_LEAST_ROWS = 10
_NOTHING: Mapping[str, float | None] = {}


def correlations(
    columns: Mapping[str, NDArray[np.float64]], explains: Mapping[str, float | None] = _NOTHING, *, most: int = MOST
) -> Correlations:
    """Return Spearman's rank correlation of every two columns over the rows in which both are known.

    Ranks are given once per column, ties their mean; a pair with fewer than 10 common rows is undefined.

    Args:
        columns: Numbers by column, each float64 (rows,), NaN where missing.
        explains: How much of the target a column explains, where that is known.
        most: Of more columns than so many, those that explain most; the first ones where that is not known.

    Source:
        C. Spearman, The proof and measurement of association between two things (1904).
    """
    names = _foremost(list(columns), explains, most)
    if len(names) < 2:
        return Correlations(names=names, lower=[[] for _ in names], strongest=[])
    ranks = pd.DataFrame({place: columns[name] for place, name in enumerate(names)}).rank().to_numpy(dtype=np.float64)
    matrix = _pairwise(ranks)
    lower = [[_rounded(matrix[i, j]) for j in range(i)] for i in range(len(names))] if len(names) <= MAPPED else []
    left_out = len(columns) - len(names)
    return Correlations(names=names, lower=lower, strongest=_strongest(matrix, names, LEAST), left_out=left_out)


def _foremost(names: list[str], explains: Mapping[str, float | None], most: int) -> list[str]:
    """Return at most so many of the columns, in their order."""

    def unexplained(name: str) -> float:
        known = explains.get(name)
        return 1.0 if known is None else -known

    chosen = set(sorted(names, key=unexplained)[:most])
    return [name for name in names if name in chosen]


def _pairwise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Pearson's correlation of the columns of (rows, n) over common rows, by sums over all pairs at once."""
    known = ~np.isnan(values)
    mask = known.astype(np.float64)
    middle = np.nansum(values, axis=0) / np.maximum(mask.sum(axis=0), 1)
    centred = np.where(known, values - middle, 0.0) / max(len(values), 1)
    count = mask.T @ mask
    sums, squares = centred.T @ mask, (centred**2).T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        product = centred.T @ centred - sums * sums.T / count
        spread = squares - sums**2 / count
        found = product / np.sqrt(np.maximum(spread, 0) * np.maximum(spread.T, 0))
        flat = (spread <= 1e-9 * squares) | (spread.T <= 1e-9 * squares.T)
    return np.where((count >= _LEAST_ROWS) & ~flat, np.clip(found, -1.0, 1.0), np.nan)


def gaps(
    missing: Mapping[str, NDArray[np.bool_]], explains: Mapping[str, float | None] = _NOTHING, *, most: int = MOST
) -> Gaps:
    """Return which columns are missing in the same rows.

    Args:
        missing: For every column of the model, which rows lack it, shape (rows,).
        explains: How much of the target a column explains, where that is known.
        most: Of more columns with gaps than so many, every two of those that explain most are compared.

    Source:
        P. Jaccard, The distribution of the flora in the alpine zone (1912).
    """
    holed = [name for name, rows in missing.items() if rows.any()]
    if not holed:
        return Gaps(cells=0, rows=0, patterns=[], missing_together=[])
    table = np.column_stack([missing[name] for name in holed])
    packed, counts = np.unique(np.packbits(table, axis=1), axis=0, return_counts=True)
    patterns = []
    for place in np.argsort(-counts, kind="stable").tolist():
        bits = np.unpackbits(packed[place])[: len(holed)]
        if bits.any():
            patterns.append(Pattern(columns=[holed[i] for i in np.flatnonzero(bits).tolist()], rows=int(counts[place])))
        if len(patterns) == PATTERNS:
            break
    compared = _foremost(holed, explains, most)
    chosen = set(compared)
    return Gaps(
        cells=int(table.sum()),
        rows=int(table.any(axis=1).sum()),
        patterns=patterns,
        missing_together=_jaccard(table[:, [name in chosen for name in holed]], compared),
        left_out=len(holed) - len(compared),
    )


def repeats(train: pd.DataFrame, schema: TableSchema) -> Repeats:
    """Count rows that repeat an earlier one in all columns of the model, and equal inputs with different targets."""
    inputs = [column.name for column in schema.columns if column.type != "drop"]
    digests = pd.util.hash_pandas_object(train[inputs], index=False)
    target = train[schema.problem.target].astype("str")
    both = pd.DataFrame({"inputs": digests, "target": target})
    distinct = both.drop_duplicates()
    torn = distinct["inputs"][distinct["inputs"].duplicated(keep=False)]
    return Repeats(rows=len(both) - len(distinct), contradicting=int(digests.isin(torn).sum()))


def _jaccard(table: NDArray[np.bool_], names: Sequence[str]) -> list[Pair]:
    counts = table.astype(np.float64).T @ table.astype(np.float64)
    alone = np.diag(counts)
    index = counts / np.maximum(alone[:, None] + alone[None, :] - counts, 1)
    index[np.minimum(alone[:, None], alone[None, :]) < 2] = np.nan  # one row says nothing
    return _strongest(index, names, MISSING_TOGETHER)


def _strongest(matrix: NDArray[np.float64], names: Sequence[str], least: float) -> list[Pair]:
    """Return the pairs below the diagonal that are at least `least` in size, the largest first."""
    size = np.abs(np.tril(np.nan_to_num(matrix), -1))
    rows, columns = np.nonzero(size >= least)
    order = np.argsort(-size[rows, columns], kind="stable")[:STRONGEST].tolist()
    return [
        Pair(first=names[columns[at]], second=names[rows[at]], value=round(float(matrix[rows[at], columns[at]]), 3))
        for at in order
    ]


def _rounded(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None
