"""Sampled Shapley values: what replacing a background row's inputs by the row's own, one after another, changes.

Source:
    E. Štrumbelj and I. Kononenko, Explaining prediction models and individual predictions with feature contributions,
    Knowledge and Information Systems 41 (2014), algorithm 1, with each order walked backwards too (R. Mitchell et al.,
    Sampling Permutations for Shapley Value Estimation, JMLR 23 (2022), section 4.1); what they are values of:
    S. M. Lundberg and S.-I. Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.explanations.explainer import SAMPLED, Explainer, Explanation, GoOn, bytes_of
from ml.explanations.mixed_rows import Block, MixedRows
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.predictor import Cells, Predictions
from schemas.explanation import Explained

Floats = NDArray[np.float64]
_FEWEST_WALKS = 16
_CELLS = 1 << 19
"""Numbers of the rows that a model is asked at once; between two such questions it is looked at the time."""
_MOST_ASKED = 4096


class SampledExplainer(Explainer):
    """Explains any model by asking it.

    Args:
        rows: The model.
        background: Rows that stand for the training rows, as columns; one at least.
    """

    def __init__(self, rows: MixedRows, background: Cells) -> None:
        self._rows, self._background = rows, rows.read(background)
        count = len(next(iter(background.values())))
        inputs = len(rows.names)
        walks = max(count, _FEWEST_WALKS)
        self._starts = np.arange(walks) % count
        draw = np.random.default_rng(0)
        forwards = np.array([draw.permutation(inputs) for _ in range(walks)], dtype=np.int64)
        self._orders = np.stack([forwards, forwards[:, ::-1]], axis=1)  # (walks, 2, inputs)
        self._turns = np.argsort(self._orders, axis=2)  # in which step an input is replaced
        nothing = np.zeros((walks, inputs), dtype=np.bool_)
        self._at_start = rows.predict(self._background, self._starts, self._background, self._starts, nothing)
        self._at_once = int(np.clip(_CELLS // rows.size(self._background), 1, _MOST_ASKED))
        self.bytes_per_row = bytes_of(rows.names, 2)

    def explain(self, cells: Cells, predictions: Predictions, go_on: GoOn) -> Iterator[Explanation]:
        """Yield base, contributions and their standard errors of each row; base and contributions add up to `of`."""
        block = self._rows.read(cells)
        for row, code in enumerate(codes_of(predictions)):
            walked = self._walk(block, row, code, answer(predictions, row, code), go_on)
            if walked is None:
                return
            yield self._said(walked, output_of(predictions))

    def _said(self, walked: Floats, of: Explained) -> Explanation:
        """Return an explanation of the outputs along the walks, (walks, 2, inputs + 1)."""
        if not np.isfinite(walked).all():
            return {"skipped": NO_FINITE_PREDICTION}
        steps = np.take_along_axis(np.diff(walked, axis=2), self._turns, axis=2)  # of each input
        pairs = steps.mean(axis=1)
        names = self._rows.names
        errors = pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
        return {
            "method": SAMPLED,
            "of": of,
            "base": float(walked[:, 0, 0].mean()),
            "contributions": dict(zip(names, (pairs.mean(axis=0) + 0.0).tolist(), strict=True)),
            "error": dict(zip(names, errors.tolist(), strict=True)),
        }

    def _walk(self, block: Block, row: int, code: int, end: float, go_on: GoOn) -> Floats | None:
        """Return a row's outputs after each step of each walk, (walks, 2, inputs + 1); None when time is up."""
        walks, _, inputs = self._orders.shape
        found = np.empty((walks, 2, inputs + 1))
        found[:, :, 0] = answers(self._at_start, code)[:, None]
        found[:, :, inputs] = end
        between = max(0, inputs - 1)
        for start in range(0, walks * 2 * between, self._at_once):
            if not go_on():
                return None
            asked = np.arange(start, min(start + self._at_once, walks * 2 * between))
            walk, way, step = asked // (2 * between), asked // between % 2, asked % between + 1
            mask = self._turns[walk, way] < step[:, None]
            at = np.full(len(asked), row)
            predicted = self._rows.predict(block, at, self._background, self._starts[walk], mask)
            found[walk, way, step] = answers(predicted, code)
        return found if go_on() else None


def output_of(predictions: Predictions) -> Explained:
    """Return which output of predictions is explained."""
    if predictions.values is not None:
        return "value"
    return "label" if predictions.probabilities is None else "probability"


def codes_of(predictions: Predictions) -> list[int]:
    """Return the class predicted for each row, 0 for each of a regression."""
    if predictions.values is not None:
        return [0] * len(predictions.values)
    assert predictions.codes is not None, "a prediction has codes or values"
    codes: list[int] = predictions.codes.tolist()
    return codes


def answer(predictions: Predictions, row: int, code: int) -> float:
    """Return that output of one row, for which the class `code` is predicted."""
    if predictions.values is not None:
        return float(predictions.values[row])
    return 1.0 if predictions.probabilities is None or code < 0 else float(predictions.probabilities[row, code])


def answers(predictions: Predictions, code: int) -> Floats:
    """Return that output of each row, (n,): values, the probability of the class `code`, or whether it is predicted."""
    if predictions.values is not None:
        return predictions.values
    assert predictions.codes is not None, "a prediction has codes or values"
    column: Floats
    if predictions.probabilities is None or code < 0:
        column = (predictions.codes == code).astype(np.float64)
    else:
        column = predictions.probabilities[:, code]
    return column
