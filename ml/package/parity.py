"""Whether two forms of one model predict the same, and the rows that make the difference show."""

import logging
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import joined
from ml.predictions.predictor import Predictions, Predictor
from schemas.plan import PROGRESS

TOLERANCE = 1e-4
_SCALE_TOLERANCE = 1e-5
_DISTURBED = 0.15
REPLAYED = 2000
"""Training rows that a packaged form is asked, at most."""
CHUNK = 1000
"""Rows that a form is asked at a time: some of them hold every row against every training row."""
_EXTREME = 100
_PARTS = ("codes", "probabilities", "values")
_log = logging.getLogger(PROGRESS)
_FLOAT32_MAX = np.finfo(np.float32).max


def difference(trained: Predictions, packaged: Predictions) -> str | None:
    """Say how the packaged form's predictions differ from the trained object's, or None when they are equal.

    Classes must be equal, probabilities within 1e-4, values within 1e-4 of themselves or 1e-5 of the largest value.
    """
    return (
        _shapes(trained, packaged)
        or _codes(trained.codes, packaged.codes)
        or _probabilities(trained.probabilities, packaged.probabilities)
        or _values(trained.values, packaged.values)
    )


def _shapes(trained: Predictions, packaged: Predictions) -> str | None:
    for name in _PARTS:
        ours, theirs = getattr(trained, name), getattr(packaged, name)
        if (ours is None) != (theirs is None) or (ours is not None and ours.shape != theirs.shape):
            return f"{name} have another shape"
    return None


def _codes(trained: NDArray[np.int64] | None, packaged: NDArray[np.int64] | None) -> str | None:
    if trained is None or packaged is None:
        return None
    wrong = int((trained != packaged).sum())
    return f"{wrong} of {len(trained)} rows get another class" if wrong else None


def _probabilities(trained: NDArray[np.float64] | None, packaged: NDArray[np.float64] | None) -> str | None:
    if trained is None or packaged is None or not trained.size:
        return None
    gap = np.abs(trained - packaged).max()
    return None if gap <= TOLERANCE else f"a probability differs by {gap:.2g}, more than {TOLERANCE:g}"


def _values(trained: NDArray[np.float64] | None, packaged: NDArray[np.float64] | None) -> str | None:
    if trained is None or packaged is None or not trained.size:
        return None
    allowed = TOLERANCE * np.abs(trained) + _SCALE_TOLERANCE * np.abs(trained).max()
    gap = np.abs(trained - packaged)
    # Written so that NaN is a difference.
    wrong = int((~(gap <= allowed)).sum())
    return f"{wrong} of {len(trained)} values differ, by up to {gap.max():.3g}" if wrong else None


def replayed(example: NDArray[np.float32], categories: Mapping[int, int]) -> NDArray[np.float32]:
    """Return the rows that a packaged form is asked: up to 2,000 of `example`, and altered copies of them."""
    return disturb(example[:REPLAYED], categories)


def replayed_rows(rows: int) -> int:
    """Return how many rows `replayed` gives of so many training rows."""
    return 3 * min(rows, REPLAYED) + 1


def in_chunks(
    predict: Callable[[NDArray[np.float32]], Predictions], rows: NDArray[np.float32], what: str
) -> Predictions:
    """Predict `rows` a chunk at a time, and tell how far it has come: of `what`."""
    parts = []
    for start in range(0, len(rows), CHUNK):
        _log.info("%s: row %s of %s", what, f"{start + 1:,}", f"{len(rows):,}")
        parts.append(predict(rows[start : start + CHUNK]))
    return joined(parts)


def failure(error: BaseException) -> str:
    """Return the reason why a form could not be made or loaded, in one short line."""
    return f"does not convert ({type(error).__name__}: {short(error)})"


def short(error: BaseException) -> str:
    """Return an error's message, in one line of at most 160 characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else text[:157] + "..."


def equal_predictions(rows: int) -> str:
    """Return the reason for a packaged form that predicted the same for so many rows."""
    return f"it converts, and {rows} replayed rows get equal predictions"


def disturb(rows: NDArray[np.float32], categories: Mapping[int, int]) -> NDArray[np.float32]:
    """Return `rows` and altered copies: missing cells, codes of unseen categories, values outside the training range.

    Args:
        rows: Features, (n, features).
        categories: Positions of the features that are category codes, which are never missing.
    """
    draw = np.random.default_rng(0)
    coded = np.isin(np.arange(rows.shape[1]), list(categories))
    holed = rows.copy()
    holed[draw.random(rows.shape) < _DISTURBED] = np.nan
    holed[:, coded] = np.where(np.isnan(holed[:, coded]), -1, holed[:, coded])
    far = rows.copy()
    far[:, ~coded] *= draw.choice(np.array([-3, -1, 0, 1, 10], dtype=np.float32), size=(len(rows), int((~coded).sum())))
    np.clip(far, -_FLOAT32_MAX, _FLOAT32_MAX, out=far)
    empty = np.where(coded, -1, np.nan).astype(np.float32)[None, :]
    return np.concatenate([rows, holed, far, empty])


def overflow(packaged: Predictor, rows: NDArray[np.float32], categories: Mapping[int, int]) -> str | None:
    """Say whether the packaged form predicts NaN or infinity when all numbers lie at the ends of float32."""
    return not_finite(packaged.predict(extremes(rows, categories)))


def extremes(rows: NDArray[np.float32], categories: Mapping[int, int]) -> NDArray[np.float32]:
    """Return the first 100 of `rows` with all numbers at the ends of float32."""
    rows = rows[:_EXTREME]
    draw = np.random.default_rng(0)
    coded = np.isin(np.arange(rows.shape[1]), list(categories))
    far = np.where(coded, rows, draw.choice(np.array([-1, 1], dtype=np.float32), size=rows.shape) * _FLOAT32_MAX)
    return far.astype(np.float32)


def not_finite(predictions: Predictions) -> str | None:
    """Say whether a prediction is NaN or infinity."""
    numbers = predictions.values if predictions.probabilities is None else predictions.probabilities
    if numbers is None or np.isfinite(numbers).all():
        return None
    return "it predicts NaN or infinity for very large numbers"
