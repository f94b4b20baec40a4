"""What a service serves."""

from typing import Literal

from pydantic import ConfigDict

from schemas.base import Strict
from schemas.thresholds import Moved

ReleaseState = Literal[
    "announced", "ready", "failed", "current", "retired", "candidate", "shadow", "withdrawn", "thresholds"
]


class SignalProgress(Strict):
    """What is known against the new version by one signal of a running rollout.

    `odds` to one are against it; with `needed` it is rolled back. Of what was `observed` of the old and the new version
    `mean` are the mean answers to the signal's strongest question, None of nothing.
    """

    odds: float
    needed: float
    observed: tuple[int, int]
    mean: tuple[float | None, float | None]


class RolloutProgress(Strict):
    """A running rollout as `GET /releases` and the operator's command show it.

    `stage` counts from 1. `requests` were routed in this stage, `answered` of them by the new version; `exposed` are
    the answers of the new version that users got, in all stages. `held`: it waits for an operator.
    """

    stage: int
    stages: int
    share: float
    since: str
    requests: int
    answered: int
    labels: int
    exposed: int
    held: bool
    signals: dict[str, SignalProgress]
    why: str


class Release(Strict):
    """One version as `GET /releases` and `summary.json` name it; `thresholds`: where an operator moved them."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)  # every key is written

    version: str
    weight: float
    shadow: bool = False
    since: str | None = None
    why: str | None = None
    thresholds: Moved | None = None
    rollout: RolloutProgress | None = None
