"""How a model learnt, epoch by epoch, and what that says."""

from typing import Literal

from schemas.base import Strict

Diagnosis = Literal["fine", "underfits", "overfits", "noisy"]


class LearningCurves(Strict):
    """The loss after each epoch on both sets, the epoch whose weights were kept (from 1), and a diagnosis in words."""

    loss: str
    training: list[float]
    validation: list[float]
    best_epoch: int
    stopped_early: bool
    diagnosis: Diagnosis
    why: str


class ReviewRecord(Strict):
    """How the review threshold came about; shares are of the validation rows.

    `threshold` above 1: no answer is sure enough, all are handed over. None: the model gives no probabilities, and only
    what it abstains from is handed over.
    """

    max_error: float
    threshold: float | None
    rows: int
    confident_error: float | None
    handed_over: float
    why: str
