"""Sampled Shapley values: what replacing a background row's inputs by the row's own, one after another, changes.

Source:
    E. Štrumbelj and I. Kononenko, Explaining prediction models and individual predictions with feature contributions,
    Knowledge and Information Systems 41 (2014), algorithm 1, with each order walked backwards too (R. Mitchell et al.,
    Sampling Permutations for Shapley Value Estimation, JMLR 23 (2022), section 4.1); what they are values of:
    S. M. Lundberg and S.-I. Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
"""

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.explanations.explainer import SAMPLED, Explainer, Explanation, SecondsLeft, bytes_of
from ml.explanations.mixed_rows import Block, Mask, MixedRows, Places, Sizes
from ml.explanations.pace import Clock, Pace
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.predictor import Cells, Predictions
from schemas.explanation import Explained

Floats = NDArray[np.float64]
FEWEST_BACKGROUND = 16
"""Rows that differ, below which nothing is said of how far a contribution may be from that over all training rows."""
_FEWEST_WALKS = 16
_TRIED = 0.5  # seconds after which it is foreseen how long a row will take


class SampledExplainer(Explainer):
    """Explains any model by asking it.

    Args:
        rows: The model.
        background: Rows that stand for the training rows, as columns; one at least.
        clock: By which it is measured how long the model takes, seconds.
    """

    def __init__(self, rows: MixedRows, background: Cells, clock: Clock = time.perf_counter) -> None:
        self._rows, self._background = rows, rows.read(background)
        count = len(next(iter(background.values())))
        inputs = len(rows.names)
        walks = max(count, _FEWEST_WALKS)
        self._starts = np.arange(walks) % count
        kinds: dict[Hashable, int] = {}
        self._kinds = np.array([kinds.setdefault(one, len(kinds)) for one in rows.contents(self._background)])
        draw = np.random.default_rng(0)
        forwards = np.array([draw.permutation(inputs) for _ in range(walks)], dtype=np.int64)
        self._orders = np.stack([forwards, forwards[:, ::-1]], axis=1)  # (walks, 2, inputs)
        self._turns = np.argsort(self._orders, axis=2)  # in which step an input is replaced
        self._largest = rows.sizes(self._background).max(axis=0)
        self._pace = Pace(clock)
        every = np.arange(count)
        with self._pace.asking(count, _of_row(self._largest)):
            nothing = np.zeros((count, inputs), dtype=np.bool_)
            self._at_start = rows.predict(self._background, every, self._background, every, nothing)
        self.bytes_per_row = bytes_of(rows.names, 2)

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        """Yield base, contributions and their standard errors of each row; base and contributions add up to `of`.

        A row for which the model is found too slow says so.
        """
        block = self._rows.read(cells)
        sizes = self._rows.sizes(block)
        is_slow = False
        for row, code in enumerate(codes_of(predictions)):
            size = _of_row(np.maximum(sizes[row], self._largest))
            asking = _Asking(block, row, code, size, is_slow)
            walked = self._walk(asking, answer(predictions, row, code), left)
            if walked is None:
                return
            is_slow = isinstance(walked, dict)
            yield walked if isinstance(walked, dict) else self._said(walked, output_of(predictions))

    def _said(self, walked: Floats, of: Explained) -> Explanation:
        """Return an explanation of the outputs along the walks, (walks, 2, inputs + 1)."""
        if not np.isfinite(walked).all():
            return {"skipped": NO_FINITE_PREDICTION}
        steps = np.take_along_axis(np.diff(walked, axis=2), self._turns, axis=2)  # of each input
        pairs = steps.mean(axis=1)
        names = self._rows.names
        return {
            "method": SAMPLED,
            "of": of,
            "base": float(walked[:, 0, 0].mean()),
            "contributions": dict(zip(names, (pairs.mean(axis=0) + 0.0).tolist(), strict=True)),
            "error": dict(zip(names, self._errors(pairs), strict=True)),
        }

    def _errors(self, pairs: Floats) -> list[float] | list[None]:
        """Return the standard errors of the means of pairs, (walks, inputs): over background rows that differ."""
        kinds = self._kinds[self._starts]
        counts = np.bincount(kinds)
        if len(counts) < FEWEST_BACKGROUND:
            return [None] * pairs.shape[1]
        apart = np.zeros((len(counts), pairs.shape[1]))
        np.add.at(apart, kinds, pairs - pairs.mean(axis=0))
        found: list[float] = (np.sqrt((apart**2).sum(axis=0) * len(counts) / (len(counts) - 1)) / len(pairs)).tolist()
        return found

    def _walk(self, asking: "_Asking", end: float, left: SecondsLeft) -> Floats | Explanation | None:
        """Return a row's outputs after each step of each walk, (walks, 2, inputs + 1).

        None when time is up; why there are none where that is foreseen.
        """
        walks, _, inputs = self._orders.shape
        found = np.empty((walks, 2, inputs + 1))
        found[:, :, 0] = answers(self._at_start, asking.code)[self._starts][:, None]
        found[:, :, inputs] = end
        between = max(0, inputs - 1)
        start, stop, began = 0, walks * 2 * between, left()
        while start < stop:
            seconds = left()
            if seconds <= 0:
                return None
            is_tried = asking.is_slow or began - seconds >= min(_TRIED, began / 4)
            if is_tried and self._pace.seconds(stop - start, asking.size) > seconds:
                return {"skipped": _too_slow(self._pace.seconds(stop, asking.size), stop)}
            asked = np.arange(start, min(start + self._pace.rows(asking.size, seconds), stop))
            walk, way, step = asked // (2 * between), asked // between % 2, asked % between + 1
            found[walk, way, step] = self._ask(asking, walk, self._turns[walk, way] < step[:, None])
            start += len(asked)
        return found if left() > 0 else None

    def _ask(self, asking: "_Asking", walk: Places, mask: Mask) -> Floats:
        at = np.full(len(walk), asking.row)
        with self._pace.asking(len(walk), asking.size):
            predicted = self._rows.predict(asking.block, at, self._background, self._starts[walk], mask)
        return answers(predicted, asking.code)


@dataclass(frozen=True)
class _Asking:
    """A row that is explained, its class, and how many numbers a row mixed of it has at most.

    `is_slow` says whether the model was found too slow for the row before.
    """

    block: Block
    row: int
    code: int
    size: int
    is_slow: bool


def _of_row(sizes: Sizes) -> int:
    return max(1, int(sizes.sum()))


def _too_slow(seconds: float, rows: int) -> str:
    return f"the model is too slow for deploy.deadline: to ask it {rows:,} rows takes about {seconds:.3g} seconds"


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
