"""A rollout as a state machine: from what was seen so far and what came since to what is to be done, and why.

Nothing here keeps anything, asks a clock or reads a journal. Who runs a rollout hands over the state of the last look,
stores the new one together with how many observations were counted, and may die at any moment in between: the next one
comes to the same decisions at the same observations, however they are divided among looks. A stage begins when its
share was really placed: whoever places it says when (`entered`), and keeps that with the state.
"""

from dataclasses import dataclass
from typing import Literal

from ml.rollouts import words
from ml.rollouts.evidence import Question
from ml.rollouts.observations import Observations
from ml.rollouts.progress import Progress, progress, step
from ml.rollouts.signals import judged
from schemas.rollout import RolloutSpec, Signal
from schemas.rollout_state import Evidence, Reference, RolloutState

Action = Literal["go_on", "hold", "advance", "promote", "roll_back"]


@dataclass(frozen=True)
class Decision:
    """What is to be done, and the state to go on from.

    `counted` of the observations led to it. The rest must be handed over again, to the new state: they were routed
    before anybody knew. `signals` are those that rolled it back; none where it timed out.
    """

    action: Action
    why: str
    state: RolloutState
    counted: int
    signals: tuple[Signal, ...] = ()


def begin(spec: RolloutSpec, reference: Reference, time: float) -> RolloutState:
    """Return the state at the start of the first stage.

    Signals that the reference says nothing about are not judged, and the error is shared by the others.

    Raises:
        ValueError: If no signal is left.
    """
    questions = questions_of(spec, reference)
    if not questions:
        raise ValueError(f"nothing is known of the old version that {', '.join(spec.tolerated)} could be compared with")
    evidence = {one.signal: one.in_next_stage(one.nothing_yet()) for one in questions}
    return RolloutState(reference=reference, evidence=evidence, placed=time, since=time, clock=time)


def decide(spec: RolloutSpec, state: RolloutState, observations: Observations, now: float) -> Decision:
    """Decide by all observations up to the first that changes anything.

    Args:
        spec: As it was when the rollout began.
        state: Of the last decision, or of `begin`.
        observations: What was not counted yet, in order.
        now: Until when they are complete, in the time of the observations; later ones may be among them.

    Returns:
        `advance`: give the new version the share of the state's stage, and date it by `entered`; `promote`: all
        traffic; `roll_back`: none; `hold`: an operator must decide (`resume`), until when evidence still rolls back;
        `go_on`: nothing to do.
    """
    if state.ended is not None:
        return Decision(state.ended, "it has ended", state, len(observations))
    stage = spec.stages[state.stage]
    end = progress(stage, state, observations, now, spec.timeout)
    evidence, breach = _weighed(spec, state, observations[: end.counted])
    counted = end.counted if breach is None else breach + 1
    after = step(stage, state, observations[:counted]).model_copy(update={"evidence": evidence})
    if breach is not None:
        return _breached(spec, after, counted)
    if end.event is not None:
        after = after.model_copy(update={"clock": max(after.clock, end.time)})
        return (_completed if end.event == "completed" else _timed_out)(spec, after, end)
    return Decision("hold" if after.held else "go_on", words.progress(spec, after, now), after, counted)


def entered(state: RolloutState, time: float) -> RolloutState:
    """Return the state of a stage whose share was placed at `time`: evidence may be read long after it came."""
    return state.model_copy(update={"placed": time, "since": time})


def tried(state: RolloutState, time: float) -> RolloutState:
    """Return the state with what is known of a request that is no observation: the first of a stage is enough.

    Of a customer's requests the first alone is an observation; the others show that the new version answers its share.

    Args:
        state: The state.
        time: When a request arrived that the new version answered, or failed on, under the share of its stage.
    """
    return state if state.tried is not None else state.model_copy(update={"tried": time})


def after_absence(state: RolloutState, seconds: float) -> RolloutState:
    """Return the state after seconds in which nobody served: they are no part of the stage that it is in."""
    return state.model_copy(update={"since": state.since + seconds})


def hold(state: RolloutState) -> RolloutState:
    """Return the state of a rollout that an operator stops in its stage, until `resume`; evidence still rolls back."""
    return state.model_copy(update={"held": True})


def resume(state: RolloutState, time: float) -> RolloutState:
    """Return the state of a rollout that was held, with its seconds beginning anew; evidence and counts stay."""
    return state.model_copy(update={"held": False, "since": time, "clock": max(state.clock, time)})


def questions_of(spec: RolloutSpec, reference: Reference) -> list[Question]:
    """Return what is judged, in the order of the signals, and the evidence that each needs."""
    tolerated = spec.tolerated
    signals = judged(reference, tuple(tolerated))
    needed = len(signals) / spec.error
    return [Question(one, tolerated[one], needed, len(spec.compared), reference) for one in signals]


def _weighed(
    spec: RolloutSpec, state: RolloutState, observations: Observations
) -> tuple[dict[Signal, Evidence], int | None]:
    """Return the evidence of all signals up to the first breach of any, and the index of that observation."""
    questions = questions_of(spec, state.reference)
    weighed = {one.signal: one.weigh(state.evidence[one.signal], observations) for one in questions}
    breaches = [breach for _, breach in weighed.values() if breach is not None]
    if not breaches:
        return {signal: evidence for signal, (evidence, _) in weighed.items()}, None
    first = min(breaches)
    until = observations[: first + 1]
    return {one.signal: one.weigh(state.evidence[one.signal], until)[0] for one in questions}, first


def _ended(state: RolloutState, how: Literal["promote", "roll_back"]) -> RolloutState:
    """Return the state of a rollout that is over; what a look may know of the time after it is no part of it."""
    return state.model_copy(update={"ended": how, "tried": None})


def _breached(spec: RolloutSpec, state: RolloutState, counted: int) -> Decision:
    questions = {one.signal: one for one in questions_of(spec, state.reference)}
    found = tuple(one for one in questions if words.is_enough(state.evidence[one], questions[one].needed))
    why = "; ".join(words.breach(questions[one], state.evidence[one]) for one in found)
    return Decision("roll_back", why, _ended(state, "roll_back"), counted, found)


def _completed(spec: RolloutSpec, state: RolloutState, end: Progress) -> Decision:
    why = words.completed(spec, state)
    if state.stage + 1 == len(spec.compared):
        return Decision("promote", why, _ended(state, "promote"), end.counted)
    questions = questions_of(spec, state.reference)
    following = state.model_copy(
        update={
            "stage": state.stage + 1,
            "placed": end.time,
            "since": end.time,
            "requests": 0,
            "answered": 0,
            "tried": None,
            "labels": 0,
            "evidence": {one.signal: one.in_next_stage(state.evidence[one.signal]) for one in questions},
        }
    )
    return Decision("advance", why, following, end.counted)


def _timed_out(spec: RolloutSpec, state: RolloutState, end: Progress) -> Decision:
    why = words.timed_out(spec, state)
    if spec.when_timed_out == "roll_back":
        return Decision("roll_back", why, _ended(state, "roll_back"), end.counted)
    return Decision("hold", why, state.model_copy(update={"held": True}), end.counted)
