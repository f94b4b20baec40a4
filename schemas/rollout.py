"""What is declared of a rollout: its stages, and what stops it."""

import math
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from schemas.base import Strict

Signal = Literal["error_rate", "latency", "invalid", "prediction_drift", "quality"]
SIGNALS: tuple[Signal, ...] = ("error_rate", "latency", "invalid", "prediction_drift", "quality")
SHADOW: Literal["shadow"] = "shadow"


def _tolerated(value: Any) -> Any:
    """Take false as null: YAML's false would be the number 0, the strictest tolerance of all."""
    if value is True:
        raise ValueError("true says no tolerance; say a difference, such as 0.01, or false")
    return None if value is False else value


Tolerated = Annotated[Annotated[float, Field(ge=0, lt=1)] | None, BeforeValidator(_tolerated)]


class Stage(Strict):
    """A share of traffic, and how long it lasts at least; all that is declared must have been reached."""

    share: float | Literal["shadow"] = Field(
        description="share of the requests that the new version answers; shadow: it gets a copy of every request, and "
        "nobody gets its answers"
    )
    requests: int | None = Field(
        default=None,
        ge=1,
        description="requests that the new version answers in it, on average: with a share of 0.01, 100 of them are "
        "over with the stage's 10,000th request",
    )
    seconds: float | None = Field(
        default=None, gt=0, le=31_536_000, description="seconds that it lasts, from when its share is placed"
    )
    labels: int | None = Field(
        default=None, ge=1, description="predictions of the new version that get their label in it"
    )

    @field_validator("share", mode="before")
    @classmethod
    def _is_a_share(cls, share: Any) -> Any:
        is_number = isinstance(share, int | float) and not isinstance(share, bool)
        if share != SHADOW and not (is_number and 0 < share <= 1):
            raise ValueError(f"{share!r} is not a share of traffic: more than 0 and at most 1 (0.1 is 10 %), or shadow")
        return share

    @property
    def traffic(self) -> float:
        """The share of the requests that the new version answers: 0 where it is a shadow."""
        return 0.0 if self.share == SHADOW else float(self.share)

    @property
    def lasting(self) -> int:
        """How many requests are routed in it at least: when a stage ends must not depend on where they were sent."""
        return math.ceil(round((self.requests or 0) / (self.traffic or 1.0), 6))

    @property
    def title(self) -> str:
        """What a person calls it."""
        return SHADOW if self.share == SHADOW else f"{100 * self.traffic:.6g} % of traffic"

    @property
    def has_an_end(self) -> bool:
        """Whether it is said how long it lasts."""
        return (self.requests or self.seconds or self.labels) is not None


class RolloutSpec(Strict):
    """How a new version takes over by stages, and which evidence against it rolls it back.

    A tolerance is a difference of means over requests, new version minus old; false or null: not looked at. `error` is
    shared by all signals and stages, and holds however often anybody looks.
    """

    stages: list[Stage] = Field(
        default=[
            Stage(share=SHADOW, requests=500, seconds=300),
            Stage(share=0.01, requests=100, seconds=300),
            Stage(share=0.1, requests=300, seconds=300),
            Stage(share=0.5, requests=1000, seconds=300),
            Stage(share=1.0),
        ],
        description="in order; the shares grow and end at 1",
    )
    error: float = Field(
        default=0.01,
        gt=0,
        le=0.5,
        description="share of rollouts that may be rolled back though nothing is worse than tolerated, at most",
    )
    error_rate: Tolerated = Field(default=0.01, description="tolerated difference of the share of requests that fail")
    latency: Tolerated = Field(
        default=0.05,
        description="tolerated difference of the share of requests slower than the old version's median, and than its "
        "90 % and 99 % quantiles",
    )
    invalid: Tolerated = Field(
        default=0.01, description="tolerated difference of the share of a request's rows without a valid prediction"
    )
    prediction_drift: Tolerated = Field(
        default=0.15, description="tolerated distance of the versions' predictions (total variation, over bins)"
    )
    quality: Tolerated = Field(
        default=0.02, description="tolerated difference of the mean loss, from 0 to 1, of labelled predictions"
    )
    timeout: float | None = Field(
        default=86_400,
        gt=0,
        description="seconds after which a stage that was not completed has timed out; null: never",
    )
    when_timed_out: Literal["hold", "roll_back"] = Field(
        default="hold", description="hold: stay in the stage until an operator decides; evidence still rolls back"
    )

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        faults = [*_faults_of_order(self.stages), *_faults_of_ends(self.stages), *self._faults_of_signals()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults_of_signals(self) -> list[str]:
        faults = []
        if not self.tolerated:
            faults.append(f"nothing would stop it: give one of {', '.join(SIGNALS)} a tolerance")
        for stage in self.stages:
            if stage.labels is not None and self.quality is None:
                faults.append(f"{stage.title} waits for labels, but quality is not looked at: give it a tolerance")
            if self.timeout is not None and stage.seconds is not None and stage.seconds >= self.timeout:
                faults.append(
                    f"{stage.title} lasts {stage.seconds:g} seconds, but has timed out after {self.timeout:g}: "
                    "let timeout be longer"
                )
        return faults

    @property
    def tolerated(self) -> dict[Signal, float]:
        """The tolerance of every signal that is looked at, in the order of `SIGNALS`."""
        tolerances = {signal: getattr(self, signal) for signal in SIGNALS}
        return {signal: value for signal, value in tolerances.items() if value is not None}

    @property
    def compared(self) -> list[Stage]:
        """The stages in which both versions answer: all but the last."""
        return self.stages[:-1]


def _faults_of_order(stages: list[Stage]) -> list[str]:
    if len(stages) < 2:
        return ["stages compare nothing: say at least one before the last, which is all traffic (share: 1)"]
    faults = []
    if stages[-1].traffic != 1:
        faults.append(f"the last stage is {stages[-1].title}; it must be all traffic (share: 1)")
    for before, after in pairwise(stages):
        if after.traffic <= before.traffic:
            faults.append(f"{after.title} comes after {before.title}; shares must grow, shadow is the first")
    return faults


def _faults_of_ends(stages: list[Stage]) -> list[str]:
    faults = [f"{one.title} has no end: say requests, seconds or both" for one in stages[:-1] if not one.has_an_end]
    if stages and stages[-1].traffic == 1 and stages[-1].has_an_end:
        faults.append("all traffic is the end: nothing is left to compare with, leave out what it should last")
    return faults
