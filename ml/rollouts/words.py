"""Why a rollout does what it does, for people."""

from ml.rollouts.evidence import Question, means, odds, strongest
from ml.rollouts.signals import QUANTILES, names_of_sets
from schemas.numbers import percent, shown
from schemas.rollout import RolloutSpec, Stage
from schemas.rollout_state import Evidence, RolloutState


def is_enough(evidence: Evidence, needed: float) -> bool:
    """Say whether evidence is sufficient; the last digit of a sum may depend on its order."""
    return odds(evidence) >= needed * (1 - 1e-9)


def progress(spec: RolloutSpec, state: RolloutState, now: float) -> str:
    """Return how far a stage has come until `now`."""
    wait = "; it is held, and waits for an operator" if state.held else ""
    return f"{_place(spec, state)}: {_reached(spec.stages[state.stage], state, now)}, no breach{wait}"


def completed(spec: RolloutSpec, state: RolloutState) -> str:
    """Return why a stage is over."""
    following = spec.stages[state.stage + 1]
    reached = _reached(spec.stages[state.stage], state, state.clock)
    return f"{_place(spec, state)}: {reached}, no breach; on to {following.title}"


def timed_out(spec: RolloutSpec, state: RolloutState) -> str:
    """Return what a stage that timed out lacks."""
    then = "rolled back" if spec.when_timed_out == "roll_back" else "an operator must decide"
    reached = _reached(spec.stages[state.stage], state, state.clock)
    return f"{_place(spec, state)}: after {spec.timeout or 0:g} seconds {reached}: timed out, {then}"


def breach(question: Question, evidence: Evidence) -> str:
    """Return what is worse with the new version, by how much, and how sure that is."""
    which = strongest(evidence)
    old, new = means(evidence, which)
    seen, seen_old = evidence.counts[1], evidence.counts[0]
    return (
        f"{question.signal}: {_what(question, which)}: {percent(new)} with the new version ({seen:,} observed), "
        f"{percent(old)} with the old one ({seen_old:,}); {percent(question.tolerated)} more is tolerated; "
        f"evidence {shown(odds(evidence))} to 1, {shown(question.needed)} to 1 needed"
    )


def _what(question: Question, which: int) -> str:
    reference = question.reference
    if question.signal == "latency":
        return f"requests slower than {reference.slow[which]:.3g} s, the old version's {QUANTILES[which]:.0%} quantile"
    if question.signal == "prediction_drift":
        return f"predictions in {names_of_sets(len(reference.bins))[which]}"
    return {
        "error_rate": "requests that failed",
        "invalid": "rows without a valid prediction",
        "quality": "mean loss",
    }[question.signal]


def _place(spec: RolloutSpec, state: RolloutState) -> str:
    return f"stage {state.stage + 1} of {len(spec.stages)} ({spec.stages[state.stage].title})"


def _reached(stage: Stage, state: RolloutState, now: float) -> str:
    now = max(state.clock, now)
    passed = min(max(0.0, now - state.since), stage.seconds or 0.0)
    wanted = [
        f"{state.requests:,} of {stage.lasting:,} requests ({state.answered:,} by the new version)"
        if stage.requests
        else "",
        f"{state.labels:,} of {stage.labels:,} labels" if stage.labels else "",
        f"{passed:,.0f} of {stage.seconds:,.0f} seconds" if stage.seconds else "",
    ]
    if not state.answered and (state.tried is None or state.tried > now):
        wanted.append("none answered by the new version yet" if stage.traffic else "none followed by it yet")
    return ", ".join(part for part in wanted if part)
