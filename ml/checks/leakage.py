"""Whether one column alone predicts the target almost perfectly: it then likely leaks it.

Small trees on one column, cross-validated on the training rows; for numbers predicted from numbers also the rank
correlation, which sees a copy or a monotone function that a small tree only approximates. Of a table with many columns
those are tried whose order leaves the target smoothest.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.checks.share import share_outcome
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.values.counted import counted
from schemas.column_types import TEXT
from schemas.data import TableSchema
from schemas.evaluation import DataCheck
from schemas.table_checks import ShareCheck

FOLDS = 3
LEAST = 30
MOST = 5_000
"""Rows used: fewer show nothing, more only cost time."""
TRIED = 100
"""Features that trees are grown on; the check then costs as much for more columns as sorting them does."""


def check_leakage(
    train: pd.DataFrame, schema: TableSchema, bound: ShareCheck, group: str | None = None
) -> list[DataCheck]:
    """Return one outcome for each column that predicts too well, or one for the table when there is none.

    Where a split keeps groups together, so do the folds: a column that merely tells the groups apart knows no target.
    """
    if bound.severity == "off":
        return []
    rows = _sample(train, group)
    if few := _too_few(rows, group):
        return [share_outcome("leakage", None, bound, True, None, f"{few} are too few to look for leaks")]
    kinds = {column.name: column.type for column in schema.columns}
    signature = fit_signature(rows, _of_single_values(schema))
    matrix = make_matrix(rows, signature, schema.problem)
    fold = (np.arange(len(rows)) if group is None else pd.factorize(rows[group])[0]) % FOLDS
    scores: dict[str, float] = {}
    likeliest = _smoothest(matrix.features, matrix.target, classes=schema.problem.classes is not None)
    for position in counted(list(likeliest), "looking for leaks: column"):
        feature = signature.features[position]
        name = feature if feature in kinds else feature.rpartition(".")[0]
        many = kinds[name] in ("category", "identifier")
        values = matrix.features[:, position]
        score = _score(values, matrix.target, fold, many, classes=schema.problem.classes is not None)
        scores[name] = max(score, scores.get(name, 0.0))
    over = {name: score for name, score in scores.items() if score > bound.max}
    measure = "R²" if schema.problem.classes is None else "balanced accuracy"
    if not over:
        if not scores:
            return [share_outcome("leakage", None, bound, True, None, "there is no column of single values to look at")]
        best = max(scores, key=lambda name: scores[name])
        tried = "no column" if len(signature.features) <= TRIED else f"none of the {TRIED} likeliest columns"
        text = f"{tried} alone predicts the target; the best, {best!r}, reaches {measure} {scores[best]:.3f}"
        return [share_outcome("leakage", None, bound, True, scores[best], text)]
    return [
        share_outcome(
            "leakage",
            name,
            bound,
            False,
            score,
            f"column {name!r} alone predicts {schema.problem.target!r} with {measure} {score:.3f}; if it is not known "
            "when a prediction is asked for, declare type: drop",
        )
        for name, score in over.items()
    ]


def _of_single_values(schema: TableSchema) -> TableSchema:
    """Return the schema without columns of texts: they are no features, and their words take time to count."""
    others = [column for column in schema.columns if column.type != TEXT]
    return schema.model_copy(update={"columns": others})


def _sample(train: pd.DataFrame, group: str | None) -> pd.DataFrame:
    """Return every k-th row, group by group: where groups take turns, every k-th of all could be of one group."""
    ordered = train if group is None else train.iloc[np.argsort(pd.factorize(train[group])[0], kind="stable")]
    return ordered.iloc[:: max(1, -(-len(train) // MOST))]


def _too_few(rows: pd.DataFrame, group: str | None) -> str:
    if len(rows) < LEAST:
        return f"{len(rows)} training rows"
    groups = FOLDS if group is None else rows[group].nunique()
    return f"{groups} training groups" if groups < FOLDS else ""


def _smoothest(
    features: NDArray[np.float32], target: NDArray[np.float64], *, classes: bool
) -> Sequence[int] | NDArray[np.int64]:
    """Return the positions of the features to try, all of a few: those in whose order the target changes least.

    Source:
        S. Chatterjee, A New Coefficient of Correlation, Journal of the American Statistical Association 116 (2021).
    """
    if features.shape[1] <= TRIED:
        return range(features.shape[1])

    order = np.random.default_rng(0).permutation(len(target))  # so that equal values are in no order of the file's
    shuffled = target[order]

    def roughness(feature: NDArray[np.float32]) -> float:
        ordered = shuffled[np.argsort(feature[order], kind="stable")]
        steps = ordered[1:] != ordered[:-1] if classes else np.abs(np.diff(ordered))
        return float(steps.sum())

    return np.argsort([roughness(feature) for feature in features.T], kind="stable")[:TRIED]


def _score(
    feature: NDArray[np.float32], target: NDArray[np.float64], fold: NDArray[np.int64], many: bool, *, classes: bool
) -> float:
    guesses = _held_out(feature.reshape(-1, 1), target, fold, many, classes=classes)
    if classes:
        hits = guesses == target
        return float(np.mean([hits[target == label].mean() for label in np.unique(target)]))
    spread = float(np.var(target))
    r2 = 1 - float(np.mean((guesses - target) ** 2)) / spread if spread else 0.0
    return max(0.0, r2, 0.0 if many else _rank_correlation(feature, target) ** 2)


def _held_out(
    feature: NDArray[np.float32], target: NDArray[np.float64], fold: NDArray[np.int64], many: bool, *, classes: bool
) -> NDArray[np.float64]:
    """Return for every row the prediction of a tree that has not seen it."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    tree = (DecisionTreeClassifier if classes else DecisionTreeRegressor)(
        max_depth=None if many else 4, max_leaf_nodes=100 if many else None, min_samples_leaf=2, random_state=0
    )
    guesses = np.empty(len(target))
    for number in range(FOLDS):
        tree.fit(feature[fold != number], target[fold != number])
        guesses[fold == number] = tree.predict(feature[fold == number])
    return guesses


def _rank_correlation(feature: NDArray[np.float32], target: NDArray[np.float64]) -> float:
    from scipy.stats import spearmanr

    known = ~np.isnan(feature)
    if known.sum() < LEAST or np.ptp(feature[known]) == 0 or np.ptp(target[known]) == 0:
        return 0.0
    return float(spearmanr(feature[known], target[known]).statistic) * float(known.mean())
