"""How a model learnt, epoch by epoch, and its diagnosis."""

from typing import Literal

from schemas.base import Strict

Diagnosis = Literal["fine", "underfits", "overfits", "noisy"]


class LearningCurves(Strict):
    """The loss after each epoch on both sets, the epoch whose weights were kept (from 1), and a diagnosis."""

    loss: str
    training: list[float]
    validation: list[float]
    best_epoch: int
    stopped_early: bool
    diagnosis: Diagnosis
    why: str
