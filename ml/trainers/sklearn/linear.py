"""What a trained pipeline may be where its estimator is linear, in the features that the packaged model takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from schemas.explanation import CategoryTerm, LinearForm, NumberTerm, Term

Floats = NDArray[np.float64]


def linear_forms(pipeline: Pipeline, means: Floats, categories: Mapping[int, int]) -> list[LinearForm]:
    """Return the forms to try, none where the estimator has no weights for the features.

    Args:
        pipeline: Imputation, scaling and one-hot encoding under `features`, then `estimator`.
        means: Of what the estimator was fitted on, (columns,).
        categories: How many categories each feature that is a category code has, by position.
    """
    weights = _array(pipeline[-1], "coef_")
    offsets = _array(pipeline[-1], "intercept_")
    if weights is None or offsets is None or weights.ndim > 2:
        return []
    weights = np.atleast_2d(weights)
    offsets = np.broadcast_to(np.atleast_1d(offsets), (len(weights),))
    if weights.shape[1] != len(means) or not (np.isfinite(weights).all() and np.isfinite(offsets).all()):
        return []
    classes = [int(code) for code in getattr(pipeline[-1], "classes_", [])]
    if not classes:
        return [] if len(weights) != 1 else [_form(pipeline, means, categories, weights, offsets, "value", [])]
    if len(classes) != (2 if len(weights) == 1 else len(weights)):
        return []
    score = _form(pipeline, means, categories, weights, offsets, "score", classes)
    if not hasattr(pipeline, "predict_proba"):
        return [score]
    if len(weights) == 1:
        return [_form(pipeline, means, categories, weights, offsets, "log_odds", classes)]
    centred = weights - weights.mean(axis=0), offsets - offsets.mean()
    return [_form(pipeline, means, categories, *centred, "log_ratio", classes)]


def _form(
    pipeline: Pipeline, means: Floats, categories: Mapping[int, int], weights: Floats, offsets: Floats,
    of: Any, classes: list[int],
) -> LinearForm:  # fmt: skip
    return LinearForm(
        of=of,
        classes=classes,
        base=(offsets + weights @ means).tolist(),
        terms=_terms(pipeline["features"], means, categories, weights),
    )


def _terms(steps: Any, means: Floats, categories: Mapping[int, int], weights: Floats) -> list[Term]:
    """Return a term for each feature; `weights` are of the columns that the steps give, (scores, columns)."""
    terms: list[Term] = []
    place = 0
    for name, part, features in steps.transformers_:
        if name == "numbers":
            terms += _numbers(part, features, means[place : place + len(features)], weights[:, place:])
            place += len(features)
        elif name == "categories":
            for feature in features:
                end = place + categories[feature]
                reference = weights[:, place:end] @ means[place:end]
                effects = weights[:, place:end].T.tolist()
                terms.append(CategoryTerm(feature=feature, effects=effects, reference=reference.tolist()))
                place = end
    return terms


def _numbers(part: Any, features: list[int], means: Floats, weights: Floats) -> list[Term]:
    """Return the terms of numbers that are imputed and, where the estimator needs it, scaled."""
    imputer, scaler = (part[0], part[1]) if isinstance(part, Pipeline) else (part, None)
    centres = np.zeros(len(features)) if scaler is None else scaler.mean_
    scales = np.ones(len(features)) if scaler is None else scaler.scale_
    return [
        NumberTerm(
            feature=feature,
            fill=float(imputer.statistics_[place]),
            reference=float(centres[place] + means[place] * scales[place]),
            slopes=(weights[:, place] / scales[place]).tolist(),
        )
        for place, feature in enumerate(features)
    ]


def _array(estimator: Any, name: str) -> Floats | None:
    found = getattr(estimator, name, None)
    return np.asarray(found, dtype=np.float64) if isinstance(found, np.ndarray | float | int) else None
