"""Thresholds that an operator moves without a new model: events in the stream of releases, which workers follow.

They belong to a version, by its package: they are of its probabilities, and another version's mean something else. What
an event says holds until the next one of the same version; None in it is the package's own threshold.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import ValidationError

from schemas.base import Strict
from schemas.errors import DeploymentError
from schemas.thresholds import Moved, Thresholds
from schemas.timestamps import iso
from serving.journal.opened import opened
from serving.releases import events as stream
from serving.releases.events import Entry, Event
from serving.releases.package_cache import fetch_decided

STATE: Literal["thresholds"] = "thresholds"
Key = tuple[str, str]
_LONGEST_WHO, _LONGEST_WHY = 64, 500


class _Note(Strict):
    """What an event holds in its text."""

    thresholds: Thresholds
    why: str | None = None


def history(events: Iterable[Event]) -> list[tuple[Key, Moved]]:
    """Return how an operator moved thresholds, of which version by its package, the first time first."""
    read = ((event, _moved(event)) for event in events if event.state == STATE)
    return [((event.version, event.package_url), one) for event, one in read if one is not None]


def moved(events: Iterable[Event]) -> dict[Key, Moved]:
    """Return what an operator moved thresholds to, by version and package; of no other one than the package's."""
    return {key: one for key, one in dict(history(events)).items() if one.thresholds != Thresholds()}


def move(
    journal_url: str,
    version: str | None,
    given: Thresholds,
    *,
    who: str,
    why: str | None = None,
    reset: bool = False,
) -> tuple[str, Moved]:
    """Move the thresholds of a version; return which version that is, and what it decides by now.

    Args:
        journal_url: The model's journal.
        version: The version; None: that in production.
        given: The new thresholds; one that is None stays as it is.
        who: Who moves them.
        why: The reason, for the history.
        reset: Whether those not given become the package's again.

    Raises:
        DeploymentError: If there is no such version, or its model has no such threshold.
        PackageError: If its package cannot be read.
    """
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            target = version_of(stream.read(connection), version)
        _require_fitting(target, given)

        def entry(past: Sequence[Event]) -> list[Entry]:
            before = Thresholds() if reset else _known(past, target)
            found = before.model_copy(update={k: v for k, v in given.model_dump().items() if v is not None})
            note = _Note(thresholds=found, why=None if why is None else why[:_LONGEST_WHY])
            return [Entry(target.version, target.package_url, STATE, note.model_dump_json(), who[:_LONGEST_WHO])]

        (event,) = stream.append(engine, entry)
        done = _moved(event)
        assert done is not None, "it was just written"
        return target.version, done


def version_of(events: Sequence[Event], version: str | None) -> Event:
    """Return an event of a version, by None of that in production. Raises DeploymentError."""
    if version is None:
        pointer = stream.current(events)
        if pointer is None:
            raise DeploymentError("No version is in production, so there are no thresholds to move")
        return pointer
    found = [event for event in events if event.version == version]
    if not found:
        known = ", ".join(dict.fromkeys(event.version for event in events)) or "none"
        raise DeploymentError(f"The journal knows no version {version!r}; it knows {known}")
    return found[-1]


def _known(events: Sequence[Event], target: Event) -> Thresholds:
    found = moved(events).get((target.version, target.package_url))
    return Thresholds() if found is None else found.thresholds


def _moved(event: Event) -> Moved | None:
    """Return what an event says, None of one that says nothing we know."""
    try:
        note = _Note.model_validate(json.loads(event.why or ""))
    except (ValueError, ValidationError):
        return None
    return Moved(**note.thresholds.model_dump(), since=iso(event.time) or "", who=event.worker or "", why=note.why)


def _require_fitting(target: Event, given: Thresholds) -> None:
    """Refuse a threshold that the model has no use for. Raises DeploymentError, PackageError."""
    signature, is_graded = fetch_decided(target.package_url)
    output = signature.output
    named = [name for name, value in given.model_dump().items() if value is not None]
    if not named:
        return
    if output.classes is None:
        what = f"version {target.version} predicts no classes ({output.task})"
    elif not is_graded:
        what = f"version {target.version} gives no probabilities"
    elif given.decision is not None and len(output.classes) != 2:
        named, what = ["decision"], f"version {target.version} has {len(output.classes)} classes, and it is for two"
    else:
        return
    raise DeploymentError(f"There is no {named[0]} threshold to move: {what}")
