"""What is watched while a network learns: the losses after each epoch, logged and kept as curves."""

import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.learning_curves import diagnose
from ml.trainers.keras.params import TrainingParams
from schemas.errors import ContentError
from schemas.learning import LearningCurves
from schemas.numbers import shown
from schemas.plan import PROGRESS

MEASURED = "measured"  # the loss without penalties on weights: what is drawn, and what decides when to stop
_USUAL = 0.001  # a learning rate that rarely diverges
_OF_CLASSES, _OF_VALUES = "cross-entropy", "mean squared error of the standardised target"


class Watch:
    """Keeps the losses, logs how training goes on, and ends it when a loss is no number any more."""

    def __init__(self, params: TrainingParams) -> None:
        self._params = params
        self._log = logging.getLogger(PROGRESS)
        self._training: list[float] = []
        self._validation: list[float] = []

    def epoch_ended(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Take an epoch's losses. Raises ContentError."""
        self._training.append(float(logs[MEASURED]))
        beside = ""
        if f"val_{MEASURED}" in logs:
            self._validation.append(float(logs[f"val_{MEASURED}"]))
            beside = f", validation {shown(self._validation[-1])}"
        text = f"epoch {epoch + 1} of {self._params.epochs}: loss {shown(self._training[-1])}{beside}"
        self._log.info(text)
        if not all(map(math.isfinite, (self._training[-1], *self._validation[-1:], float(logs["loss"])))):
            rate = self._params.learning_rate
            raise ContentError(
                f"Training diverged in epoch {epoch + 1}: the loss is no longer a number. The learning rate, {rate:g}, "
                f"is too large for these rows; try trainer.learning_rate={min(rate / 10, _USUAL):g}"
            )

    def curves(self, target: NDArray[Any], weights: NDArray[np.float32] | None) -> LearningCurves:
        """Return the losses of all epochs, with a diagnosis; the arguments are those of the training rows."""
        best = int(np.argmin(self._validation)) + 1 if self._validation else len(self._training)
        stopped_early = len(self._training) < self._params.epochs
        constant, weighted = _loss_of_a_constant(target, weights), "" if weights is None else "class-weighted "
        diagnosis, why = diagnose(self._training, self._validation, constant, best, stopped_early=stopped_early)
        return LearningCurves(
            loss=weighted + _OF_CLASSES if target.dtype.kind == "i" else _OF_VALUES,
            training=self._training,
            validation=self._validation,
            best_epoch=best,
            stopped_early=stopped_early,
            diagnosis=diagnosis,
            why=why,
        )


def _loss_of_a_constant(target: NDArray[Any], weights: NDArray[np.float32] | None) -> float:
    """Return the loss of the best prediction that is the same for every row."""
    if target.dtype.kind != "i":
        return float(target.astype(np.float64).var())
    from scipy.special import entr

    counts = np.bincount(target, weights=weights)
    return float(entr(counts / counts.sum()).sum())
