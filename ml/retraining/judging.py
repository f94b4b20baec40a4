"""Labels of new rows, judged by what the model in production and the other new rows say."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.evaluation.evaluate import target_and_predictions
from ml.features.matrix import make_matrix
from ml.package.model import PackagedModel
from ml.predictions.predictor import Predictions
from ml.retraining.second_opinion import second_opinion
from ml.retraining.sources import Judged, contradicted_classes, contradicted_values, judge
from schemas.data import Problem
from schemas.retraining import PoisonSpec, SourceRecord

_ERROR = 0.05
"""Of labels that are contradicted, where a package does not say how often its model errs."""


def judge_labels(
    model: PackagedModel,
    frame: pd.DataFrame,
    sources: Sequence[str | None],
    problem: Problem,
    spec: PoisonSpec,
    seed: int,
) -> list[SourceRecord]:
    """Judge the labels of rows by who gave them.

    Args:
        model: In production.
        frame: The new rows with their labels as target.
        sources: Who labelled each, None where nobody said, (rows,).
        problem: What is predicted.
        spec: What is tolerated.
        seed: Of the second opinion.
    """
    if not len(frame):
        return []
    target, predictions = target_and_predictions(model, frame, problem)
    features = make_matrix(frame, model.signature, problem).features
    second = second_opinion(features, target, classes=problem.classes is not None, seed=seed)
    tested = {} if model.manifest.evaluation is None else model.manifest.evaluation.metrics.get("test", {})
    if problem.classes is not None:
        assert predictions.codes is not None, "a classifier predicts classes"
        wrong = contradicted_classes(target, predictions.codes, second)
        accuracy = tested.get("accuracy")
        expected = _ERROR if accuracy is None else 1 - accuracy
    else:
        assert predictions.values is not None, "a regression model predicts values"
        rmse = tested.get("root_mean_squared_error")
        wrong, expected = contradicted_values(target, predictions.values, second, rmse)
    return judge(Judged(sources, wrong, _confidence(predictions, len(frame)), expected), spec)


def _confidence(predictions: Predictions, rows: int) -> NDArray[np.float64]:
    found = predictions.probabilities
    if found is None or not found.shape[1]:
        return np.full(rows, np.nan)
    return np.asarray(found.max(axis=1), dtype=np.float64)
