"""The stage behind `pipeline=retraining`: whether it is due, and from labelled rows to a registered package."""

import time
from typing import Any

from pipelines.execution.context import RunContext, production, run_context
from pipelines.execution.session import Part, RunSession
from pipelines.retraining import retraining
from pipelines.stages.due import due_causes
from pipelines.stages.retraining_runs import collected, registered_before
from pipelines.stages.train import trained
from schemas.errors import DeploymentError, RefusedError
from schemas.retraining import RetrainingRecord
from serving.journal.tables import create, exists
from serving.retraining.causes import NotNow, Outcome
from serving.retraining.keeping import Kept, take
from serving.retraining.rows import count_rows, last_label

_OUTCOMES: dict[str, Outcome] = {"succeeded": "released", "refused": "refused", "failed": "failed"}


def retrain(session: RunSession, _parts: Part) -> Part:
    """Train again where that is due, and say why not where it is not: then there is nothing to deploy either.

    Raises:
        DeploymentError: If nothing is in production.
    """
    run, url = session.run, session.journal_url
    current = production(url)
    if current is None or not exists(url):
        raise DeploymentError(f"no version of {run.name!r} is in production any more")
    create(url)  # one of before lacks the table
    newest = last_label(url)
    causes, why = due_causes(session, current, newest)
    if causes and (few := _too_few(session, newest)) is not None:
        causes, why = [], few
    found = take(url, causes, newest, run.retrain.cool_down_seconds) if causes else NotNow(why)
    if isinstance(found, NotNow):
        text = f"nothing to do, because {found.why}"
        session.observer.note(f"retraining: {text}")
        return {"retraining": RetrainingRecord(begun=False, why=text), "done": True}
    return _begun(session, found)


def _begun(session: RunSession, kept: Kept) -> Part:
    cause = kept.claim.taking.cause
    session.endings.append(lambda status, error: kept.end(_OUTCOMES[status], error or "its version was deployed"))
    begun = RetrainingRecord(begun=True, cause=cause.name, trigger=cause.trigger, why=cause.why)
    session.observer.note(f"retraining: {cause.name}: {cause.why}")
    try:
        part = _trained(session, kept)
    except RefusedError as refusal:
        return {"retraining": begun.model_copy(update={"collection": collected(session.run_ids)}), "refused": refusal}
    return {**part, "retraining": begun.model_copy(update=part["retraining"])}


def _trained(session: RunSession, kept: Kept) -> Part:
    now = run_context(session.run, session.home)
    if now.production is None:
        raise DeploymentError(f"no version of {session.run.name!r} is in production any more")
    outcome = _outcome(session, kept, now)
    part: dict[str, Any] = trained(session, outcome)
    collection, recent = outcome.output("collect", "collection"), outcome.output("compare_recent", "recent")
    for one in collection.sources:
        session.observer.note(f"retraining: {one.why}")
    new = sum(collection.new.values())
    session.observer.note(f"retraining: {new:,} of {collection.labelled:,} labelled rows joined; {recent.outcome.why}")
    if part["gate"].passed:
        kept.note_version(part["model"].version)
    return {**part, "retraining": {"collection": collection, "recent": recent}}


def _outcome(session: RunSession, kept: Kept, now: RunContext) -> Any:
    """Train, unless a run that was killed had done it for the same cause."""
    assert now.production is not None, "there is nothing to train again before the first deployment"
    claim = kept.claim
    if claim.took_over and (before := registered_before(session.run.name, claim.taking, now.production)) is not None:
        session.run_ids.append(before.id)
        session.observer.note(f"retraining: {before.run.name} had trained before it was killed; it goes on from there")
        return before
    return session.run_pipeline(
        retraining, run=session.run, now=now, journal_url=session.journal_url, taking=claim.taking
    )


def _too_few(session: RunSession, newest: int) -> str | None:
    """Return why there are too few labels, None where there are enough."""
    spec = session.run.retrain
    rows, seconds = spec.rows_or_seconds()
    found = count_rows(session.journal_url, newest, rows, None if seconds is None else time.time() - seconds)
    if found >= spec.min_labels:
        return None
    return f"{found:,} labelled rows are in the window {spec.window}, fewer than retrain.min_labels {spec.min_labels:,}"
