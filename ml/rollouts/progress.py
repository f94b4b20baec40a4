"""How far a stage has come: when it is completed, and when it has timed out.

Its seconds run from when its share was placed, or it was resumed. However long it lasts, it is not completed before the
new version predicted anything in it, or failed: what was not tried is no reason to go on.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.rollouts.observations import Floats, Observations
from schemas.rollout import Stage
from schemas.rollout_state import RolloutState


@dataclass(frozen=True)
class Progress:
    """What the first `counted` observations make of a stage, and what happens to it then, at `time`."""

    counted: int
    event: Literal["completed", "timed_out"] | None = None
    time: float = math.nan


def progress(
    stage: Stage, state: RolloutState, observations: Observations, now: float, timeout: float | None
) -> Progress:
    """Find the first thing that happens to a stage.

    What happens between two observations is dated by the clock, not by the look that finds it: the result depends on
    the observations alone, as long as those before `now` are complete.

    Args:
        stage: The stage that the state is in.
        state: Where the rollout is.
        observations: What came since.
        now: Until when observations are complete, seconds.
        timeout: Seconds that the stage may last without being completed; None for any.
    """
    if state.held:
        return Progress(len(observations))
    clocks = np.maximum.accumulate(np.append(state.clock, observations.times))[1:]
    end = math.inf if timeout is None else state.since + timeout
    index, at = _reached(stage, state, observations, clocks)
    completed = max(state.since + (stage.seconds or 0.0), at)
    if index is not None and completed == at <= end:
        return Progress(index + 1, "completed", completed)
    first = min(completed, end)
    counted = int(np.searchsorted(clocks, first))
    if counted == len(clocks) and now < first:
        return Progress(counted)
    return Progress(counted, "completed" if completed <= end else "timed_out", first)


def _reached(stage: Stage, state: RolloutState, observations: Observations, clocks: Floats) -> tuple[int | None, float]:
    """Return when requests and labels are enough and the new version was tried, and the observation that does it.

    None where none does it: all was there before, another request shows that it was tried, or, without end, never.
    """
    of_stage = counts_for(stage, observations)
    wanted = (
        (state.requests, of_stage, stage.lasting),
        (state.labels, _labels_for(state, observations), stage.labels or 0),
    )
    enough = _first(*(before + np.cumsum(come) >= least for before, come, least in wanted))
    if all(before >= least for before, _, least in wanted):
        enough = -1
    tried = -1 if state.answered else _first(of_stage & observations.tried)
    if enough is None:
        return None, math.inf
    otherwise = math.inf if state.tried is None else max(state.tried, state.clock)
    if tried is None or (tried > enough and otherwise < clocks[tried]):
        at = max(otherwise, state.clock if enough < 0 else float(clocks[enough]))
        return (enough if enough >= 0 and at == clocks[enough] else None), at
    index = max(enough, tried)
    return (None, state.clock) if index < 0 else (index, float(clocks[index]))


def _first(*conditions: NDArray[np.bool_]) -> int | None:
    """Return the index of the first observation of which all are true, None where there is none."""
    found = np.flatnonzero(np.all(conditions, axis=0))
    return int(found[0]) if found.size else None


def counts_for(stage: Stage, observations: Observations) -> NDArray[np.bool_]:
    """Return which are requests that were routed in this stage, (n,); in a shadow, those that it got."""
    asked = observations.answered if stage.traffic == 0 else observations.is_request
    return np.asarray(asked & (observations.shares == stage.traffic), dtype=np.bool_)


def _labels_for(state: RolloutState, observations: Observations) -> NDArray[np.bool_]:
    """Return which are labels of the new version's predictions that came in this stage, (n,)."""
    return np.asarray(observations.labelled & (observations.times >= state.placed), dtype=np.bool_)


def step(stage: Stage, state: RolloutState, observations: Observations) -> RolloutState:
    """Return the state with observations counted that change nothing else."""
    of_stage = counts_for(stage, observations)
    answered = state.answered + int((of_stage & observations.tried).sum())
    exposed = observations.answered & (observations.shares > 0)
    return state.model_copy(
        update={
            "clock": max(state.clock, float(observations.times.max())) if len(observations) else state.clock,
            "requests": state.requests + int(of_stage.sum()),
            "answered": answered,
            "tried": None if answered else state.tried,  # one of the two says it, however often anybody looks
            "labels": state.labels + int(_labels_for(state, observations).sum()),
            "exposed": state.exposed + int(exposed.sum()),
        }
    )
