"""What is kept of a rollout between two looks: small, plain JSON, and enough to go on from."""

from typing import Literal

from pydantic import Field

from schemas.base import Strict
from schemas.rollout import Signal
from schemas.signature import Output


class Reference(Strict):
    """What the old version did before the rollout; a signal without its part is not looked at.

    It decides what is asked and how finely, never whether an answer holds: a poor reference costs power, not validity.
    """

    slow: list[float] = Field(default=[], description="seconds: latencies at `ml.rollouts.signals.QUANTILES`, or none")
    bins: list[float] = Field(default=[], description="mean share of a request's rows in each bin of predictions")
    loss: float | None = Field(default=None, ge=0, le=1, description="mean loss")


class Measure(Strict):
    """How predictions and labels become numbers: fixed before the rollout, by what the old version did.

    Attributes:
        ends: Of values, the ends between bins.
        classes: Of classes, the texts of the most frequent ones, null for an abstention; all others share one bin more.
        scale: Of values, the absolute error that counts as a loss of 1, as does any larger one.
        outputs: Of two classes, what the old version's package and the new one's say of them: labels are compared as
            these decide, whatever threshold an operator moved. None: as they were answered.
    """

    ends: list[float] = []
    classes: list[str | None] = []
    scale: float = Field(default=1.0, gt=0)
    outputs: tuple[Output | None, Output | None] = (None, None)


class Position(Strict):
    """How far a journal was read: what is not above `at` (time, rank of the table, id) was counted.

    `low` is, by table, the number up to which nothing is left to be read; `first` is the same at the rollout's start.
    """

    at: tuple[float, int, int]
    low: dict[str, int]
    first: dict[str, int]


class Evidence(Strict):
    """What is known against the new version by one signal.

    `wealth` and `reserve` are those of `ml.rollouts.betting`. The rest is for words: observations, weights and weighted
    sums of values by version, the old one first; the sums have a value for each question.
    """

    wealth: list[float]
    reserve: float
    fresh: int = Field(default=0, description="observations of the new version in this stage")
    counts: tuple[int, int] = (0, 0)
    weights: tuple[float, float] = (0.0, 0.0)
    sums: tuple[list[float], list[float]]


class RolloutState(Strict):
    """Where a rollout is. Times are seconds of the clock that dates the observations."""

    reference: Reference
    evidence: dict[Signal, Evidence]
    stage: int = Field(default=0, description="index of the stage")
    placed: float = Field(default=0.0, description="when the share of the stage was placed")
    since: float = Field(description="from when the seconds of the stage run: later where it was resumed, or away")
    clock: float = Field(description="the latest time of an observation that was counted")
    requests: int = Field(default=0, description="requests that were routed in this stage, to either version")
    answered: int = Field(default=0, description="those of them of which the new version predicted a row, or failed")
    tried: float | None = Field(
        default=None, description="when, under this share, it first did so with a request that is no observation"
    )
    labels: int = Field(default=0, description="labels of its predictions that came in this stage")
    exposed: int = Field(default=0, description="requests whose answer was the new version's, in all stages")
    held: bool = Field(default=False, description="whether it timed out or was paused, and waits for an operator")
    ended: Literal["promote", "roll_back"] | None = None
