"""A running rollout for people: as `GET /releases`, the operator's command and `/metrics` show it."""

import math
from collections.abc import Iterator, Sequence

from ml.rollouts.evidence import means, odds, strongest
from ml.rollouts.rollout import questions_of
from schemas.numbers import percent, shown
from schemas.release import Release, RolloutProgress, SignalProgress
from schemas.timestamps import iso
from serving.rollouts.record import Rollout


def progress(rollout: Rollout) -> RolloutProgress:
    """Return how far a rollout has come, and what is known against the new version."""
    spec, state = rollout.spec, rollout.state
    return RolloutProgress(
        stage=state.stage + 1,
        stages=len(spec.stages),
        share=spec.stages[state.stage].traffic,
        since=iso(state.since),
        requests=state.requests,
        answered=state.answered,
        labels=state.labels,
        exposed=state.exposed,
        held=state.held,
        signals=_signals(rollout),
        why=rollout.why,
    )


def with_progress(releases: Sequence[Release], rollout: Rollout | None) -> list[Release]:
    """Return the versions, with its progress beside that which is being rolled out."""
    if rollout is None:
        return list(releases)
    update = {"rollout": progress(rollout)}
    return [
        one.model_copy(update=update)
        if one.version == rollout.candidate and (one.shadow or 0 < one.weight < 1)
        else one
        for one in releases
    ]


def lines(rollout: Rollout) -> Iterator[str]:
    """Yield what a person is told: of one that ended, how and why."""
    if rollout.outcome is not None:
        outcome, ended = rollout.outcome.replace("_", " "), iso(rollout.ended or rollout.started)
        yield f"the rollout of version {rollout.candidate} ended {ended}, {outcome}: {rollout.why}"
        return
    yield f"rollout of version {rollout.candidate} beside {rollout.old}, {rollout.why}"
    for name, one in _signals(rollout).items():
        old, new = (f"{percent(mean)}" if mean is not None else "-" for mean in one.mean)
        seen_old, seen = (f"{count:,} observed" for count in one.observed)
        told = f"{new} with the new version ({seen}), {old} with the old one ({seen_old})"
        yield f"{name}: {shown(one.odds)} to 1 against the new version, {shown(one.needed)} roll it back; {told}"


def _signals(rollout: Rollout) -> dict[str, SignalProgress]:
    found = {}
    for question in questions_of(rollout.spec, rollout.state.reference):
        evidence = rollout.state.evidence[question.signal]
        old, new = (None if math.isnan(mean) else mean for mean in means(evidence, strongest(evidence)))
        found[str(question.signal)] = SignalProgress(
            odds=odds(evidence), needed=question.needed, observed=evidence.counts, mean=(old, new)
        )
    return found
