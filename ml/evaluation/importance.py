"""Permutation importance: how much worse a model predicts when one input is shuffled among the rows.

Source:
    L. Breiman, Random Forests, Machine Learning 45 (2001), section 10; A. Fisher, C. Rudin, F. Dominici, All Models are
    Wrong, but Many are Useful, JMLR 20 (2019), section 3, who define it for any model.
"""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.evaluation.metrics import metric_of
from ml.evaluation.regression import Floats
from ml.explanations.mixed_rows import Block, MixedRows, mixed_rows
from ml.features.cells import cells
from ml.features.matrix import encode
from ml.package.model import PackagedModel
from ml.predictions.codec import chosen
from ml.predictions.predictor import Outlook, Predictions
from ml.values.counted import counted
from schemas.base import Task
from schemas.data import Problem
from schemas.evaluation import Importance, InputImportance
from schemas.metrics import HIGHER_IS_BETTER

REPEATS = 5
_FEWEST, _ENOUGH, _MOST = 20, 100, 500
_ASKED = 15_000
"""Shuffled rows that a model is asked in all, as far as that is enough for each input."""
_RESAMPLES = 100
_LISTED = 100
_ROUNDING = 1e-12
_PROBED, _PROBES = 50, 3  # rows, and how often where they seem to take too long
_SECONDS = 30.0
"""What it may take, as projected from what a few rows took; beyond it fewer rows are asked, or none."""


def measure(model: PackagedModel, frame: pd.DataFrame, problem: Problem, metric: str, seed: int) -> Importance:
    """Return how much the model relies on each of its raw inputs.

    Each input is shuffled five times by itself, all that is derived from it with it; the drop is the mean over these of
    how much worse the metric gets. Intervals are bootstrap percentiles over rows and shuffles. Of many rows some are
    drawn. The same seed gives the same figures, unless the model is so slow that fewer rows are asked.

    Args:
        model: The packaged model.
        frame: Rows that it did not learn from, and that are not the test set's.
        problem: Target and task.
        metric: The metric's name.
        seed: Of what is drawn.
    """
    rows, draw = mixed_rows(model.runtime, model.signature), np.random.default_rng(seed)
    count = _affordable(rows, rows.read(cells(frame.head(_PROBED), model.signature)), len(frame))
    if count < _FEWEST:
        few = "there are too few validation rows" if len(frame) < _FEWEST else "the model takes too long to predict"
        return Importance(metric=metric, why_not=few)
    some = frame.iloc[np.sort(draw.permutation(len(frame))[:count])]
    raw = cells(some, model.signature)
    shuffled = _Shuffled(rows, rows.read(raw), encode(some, problem), problem.task, metric, draw, model.outlook(raw))
    if not np.isfinite(shuffled.score):
        return Importance(metric=metric, why_not=f"{metric} is not defined on these rows")
    inputs = [shuffled.importance(place) for place in counted(range(len(rows.names)), "shuffling input")]
    if not all(np.isfinite([one.drop, *one.interval]).all() for one in inputs):
        return Importance(metric=metric, why_not=f"{metric} is not defined on shuffled rows")
    ranked = sorted(inputs, key=lambda one: (-one.drop, one.input))
    left_out = max(0, len(ranked) - _LISTED)
    return Importance(
        metric=metric, score=shuffled.score, rows=count, repeats=REPEATS, inputs=ranked[:_LISTED], left_out=left_out
    )


def _affordable(rows: MixedRows, probe: Block, there: int) -> int:
    """Return how many rows to shuffle: as many as give narrow intervals, fewer where the model is slow."""
    inputs = max(1, len(rows.names))
    count = min(there, int(np.clip(_ASKED // (REPEATS * inputs), _ENOUGH, _MOST)))
    asked = np.arange(min(there, _PROBED))
    if not len(asked):
        return 0
    seconds = np.inf
    for _ in range(_PROBES):
        seconds = min(seconds, _seconds(rows, probe, asked) * REPEATS * inputs)
        if count * seconds <= _SECONDS:
            return count
    while count >= _FEWEST and count * seconds > _SECONDS:
        count //= 2  # so that a machine that is a little slower asks the same rows
    return count


def _seconds(rows: MixedRows, probe: Block, asked: NDArray[np.int64]) -> float:
    """Return how long a row takes."""
    started = time.perf_counter()
    rows.predict(probe, asked, probe, asked, np.ones((len(asked), len(rows.names)), dtype=np.bool_))
    return (time.perf_counter() - started) / len(asked)


class _Shuffled:
    """Rows whose inputs are shuffled, and the metric of the untouched rows under each resample."""

    def __init__(
        self,
        rows: MixedRows,
        block: Block,
        target: NDArray[Any],
        task: Task,
        metric: str,
        draw: np.random.Generator,
        outlook: Outlook | None = None,
    ) -> None:
        count = len(target)
        self._outlook = outlook  # of forecasts: what their errors are divided by is that of the rows as they are
        self._rows, self._block, self._target, self._task, self._metric = rows, block, target, task, metric
        self._own, self._shuffle = np.tile(np.arange(count), REPEATS), np.repeat(np.arange(REPEATS), count)
        self._others = np.concatenate([draw.permutation(count) for _ in range(REPEATS)])
        resamples = draw.multinomial(count, np.full(count, 1 / count), _RESAMPLES)
        self._weights = np.vstack([np.ones((1, count)), resamples])  # the rows themselves, then each resample
        self._repeats = draw.integers(0, REPEATS, (_RESAMPLES, REPEATS))
        asked = np.arange(count)
        everything = np.ones((count, len(rows.names)), dtype=np.bool_)
        self.score, self._untouched = self._measured(rows.predict(block, asked, block, asked, everything))

    def importance(self, place: int) -> InputImportance:
        """Return that of the input at a place."""
        own = np.ones((len(self._own), len(self._rows.names)), dtype=np.bool_)
        own[:, place] = False
        predicted = self._rows.predict(self._block, self._own, self._block, self._others, own)
        parts = [chosen(predicted, self._shuffle == number) for number in range(REPEATS)]
        scores, resampled = zip(*map(self._measured, parts), strict=True)
        sign = 1 if HIGHER_IS_BETTER[self._metric] else -1
        drawn = np.take_along_axis(np.column_stack(resampled), self._repeats, axis=1).mean(axis=1)
        differences = sign * (self._untouched - drawn)
        known = differences[np.isfinite(differences)]
        low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
        drop = sign * (self.score - sum(scores) / REPEATS)
        ends = self._plain(low), self._plain(high)
        return InputImportance(input=self._rows.names[place], drop=self._plain(drop), interval=ends)

    def _plain(self, difference: float) -> float:
        """Return a difference of metrics, 0 where only the rounding of sums makes it."""
        return 0.0 if abs(difference) <= _ROUNDING * abs(self.score) else float(difference)

    def _measured(self, predictions: Predictions) -> tuple[float, Floats]:
        """Return the metric, and what it is under each resample, (resamples,)."""
        predictions = replace(predictions, outlook=self._outlook)
        metric = metric_of(self._metric, self._task, self._target, predictions)
        found = metric(self._weights)
        return float(found[0]), found[1:]
