"""What a model says of each new row that learnt from the other new rows alone: it has seen the world as it is now.

Where the world changed the model in production is wrong and this one is right; a label that both contradict is wrong
itself, or cannot be foreseen by anybody.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FOLDS, _TREES, _LEAF, _DEEPEST = 5, 60, 3, 12
_FEWEST, _MOST = 30, 20_000


def second_opinion(
    features: NDArray[np.floating[Any]], target: NDArray[Any], *, classes: bool, seed: int
) -> NDArray[Any] | None:
    """Return predictions for every row by forests that were grown on the other four fifths of the rows.

    Args:
        features: As the model in production derives them, (rows, features); NaN is missing.
        target: Class positions int64, or values float64, (rows,).
        classes: Whether the target is one of classes.
        seed: Of the folds and the forests.

    Returns:
        Of the target's kind, (rows,); None where there are no features, or too few rows to learn anything from.

    Source:
        L. Breiman, Random Forests, Machine Learning 45, 2001; out-of-fold predictions as in C. Northcutt, L. Jiang and
        I. Chuang, Confident Learning, JAIR 70, 2021.
    """
    rows, width = features.shape
    if rows < _FEWEST or not width:
        return None
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    draw = np.random.default_rng(seed)
    fold = draw.permutation(rows) % _FOLDS
    forest = RandomForestClassifier if classes else RandomForestRegressor
    found = np.empty_like(target)
    for number in range(_FOLDS):
        learnt = draw.permutation(np.flatnonzero(fold != number))[:_MOST]
        grown = forest(n_estimators=_TREES, min_samples_leaf=_LEAF, max_depth=_DEEPEST, random_state=seed)
        grown.fit(features[learnt], target[learnt])
        found[fold == number] = grown.predict(features[fold == number])
    return found
