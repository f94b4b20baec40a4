"""Predictions as columns of a table, for programs that read tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.predictions.codec import Encoder
from ml.predictions.predictions import needs_review
from ml.predictions.predictor import Predictions
from schemas.base import Scalar
from schemas.signature import Output

PREDICTION = "prediction"
PROBABILITY = "probability_"
REVIEW = "needs_review"
FLAGS = "flags"
LOWER, UPPER = "prediction_lower", "prediction_upper"
VERSION = "model_version"
REQUEST, REQUEST_ROW = "request_id", "request_row"


def prediction_names(output: Output, *, flags: bool = False, journal: bool = False) -> list[str]:
    """Return the columns that predictions may have, in order; a model without probabilities leaves those out.

    `flags`: whether something may be told of rows; `journal`: whether they go into the model's journal.
    """
    told = [FLAGS] if flags else []
    end = [VERSION, REQUEST, REQUEST_ROW] if journal else [VERSION]
    if output.task == "regression":
        return [PREDICTION, *told, *end]
    if output.task == "forecast":
        return [PREDICTION, LOWER, UPPER, VERSION]
    return [PREDICTION, *(f"{PROBABILITY}{label}" for label in output.classes or []), REVIEW, *told, *end]


def journal_columns(ids: Sequence[str], positions: NDArray[np.int64], rows: int) -> pd.DataFrame:
    """Return by what the journal knows rows, so that their labels can be sent: a request, and the position in it.

    Args:
        ids: A request for every `rows` rows.
        positions: Where the rows are, (n,).
        rows: How many there are in a request.
    """
    return pd.DataFrame(
        {
            REQUEST: pd.Series([ids[place] for place in (positions // rows).tolist()], dtype="str"),
            REQUEST_ROW: positions % rows,
        }
    )


def prediction_columns(
    predictions: Predictions, output: Output, version: str, flags: Sequence[str | None] | None = None
) -> pd.DataFrame:
    """Return what the service predicts, a row each: label or value, probabilities, whether it is routed to review.

    Every frame of one model has the same dtypes. Where the model abstains, `prediction` is missing. `flags` are what is
    told of each row, None where that is nothing; without them there is no such column.
    """
    if predictions.values is not None:
        columns: dict[str, Any] = {PREDICTION: predictions.values}
    else:
        columns = {PREDICTION: _labels(Encoder(output).labels(predictions), output.classes or [])}
        if predictions.probabilities is not None:
            for label, column in zip(output.classes or [], predictions.probabilities.T, strict=True):
                columns[f"{PROBABILITY}{label}"] = column
        columns[REVIEW] = needs_review(predictions, output.review_threshold)
    frame = pd.DataFrame(columns)
    if flags is not None:
        frame[FLAGS] = pd.Series(list(flags), dtype="object").astype("str")
    frame[VERSION] = pd.Series([version] * len(frame), dtype="str")
    return frame


def forecast_columns(predictions: Predictions, version: str) -> pd.DataFrame:
    """Return a row for each step of each forecast: its value and the ends of its interval, missing where none is."""
    assert predictions.values is not None, "a forecast has values"
    gone = np.full(predictions.values.shape, np.nan)
    ends = [gone if end is None else end for end in (predictions.lower, predictions.upper)]
    named = zip((PREDICTION, LOWER, UPPER), (predictions.values, *ends), strict=True)
    frame = pd.DataFrame({name: column.ravel() for name, column in named})
    frame[VERSION] = pd.Series([version] * len(frame), dtype="str")
    return frame


def _labels(chosen: list[Scalar | None], classes: list[Scalar]) -> pd.Series:
    """Return labels under a dtype that depends on the classes alone."""
    kinds = {type(label) for label in classes}
    dtypes: dict[type, Any] = {str: "str", bool: "boolean", int: "Int64", float: "float64"}
    if len(kinds) == 1:
        return pd.Series(chosen, dtype=dtypes[kinds.pop()])
    if kinds == {int, float}:  # of a column of numbers, the whole ones are integers
        return pd.Series(chosen, dtype=dtypes[float])
    return pd.Series([None if label is None else str(label) for label in chosen], dtype="str")
