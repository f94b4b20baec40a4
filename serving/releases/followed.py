"""What a worker's follower tells of what it follows, and what it is still waited for."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from schemas.release import ReleaseState
from schemas.thresholds import Thresholds
from serving.releases import events as releases
from serving.releases.events import Entry, Event
from serving.releases.loaded_version import Version
from serving.releases.loader import Key, key_of
from serving.releases.thresholds import moved
from serving.releases.traffic import Traffic, beside, traffic

_KEPT = 2  # the current version and the one before it, for a rollback at once
_STALE = 600.0  # seconds after which nobody waits for an announcement any more
logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up


def tell(before: Traffic[Version], now: Traffic[Version]) -> None:
    """Write into the log who stands beside production."""
    if now.candidate is not None and (now.candidate, now.share) != (before.candidate, before.share):
        logger.info("version %s answers %g of the requests", now.candidate.version, now.share)
    if now.shadow is not None and now.shadow is not before.shadow:
        logger.info("version %s follows unseen", now.shadow.version)
    for one in before.beside:
        if one is not now.current and all(one is not other for other in now.beside):
            logger.info("version %s stands beside no more", one.version)


def decide(versions: Iterable[Version], events: Sequence[Event]) -> None:
    """Let versions decide by the thresholds that an operator gave them, else by those of their packages."""
    known = moved(events)
    for version in versions:
        found = known.get(version.key)
        thresholds = Thresholds() if found is None else found.thresholds
        if thresholds != version.model.thresholds:
            said = "its package's thresholds again" if found is None else f"{thresholds.text}, as {found.who} said"
            logger.info("version %s decides by %s", version.version, said)
        version.model.decide_by(thresholds)


class Said:
    """What was said last, and is not to be said again: a follower looks twenty times a second."""

    def __init__(self) -> None:
        self._last = ""

    def warn(self, what: str) -> None:
        """Write it into the log, unless it is what was said last."""
        if what != self._last:
            logger.warning(what)
        self._last = what


def with_others(before: Traffic[Version], events: list[Event], loaded: Mapping[Key, Version]) -> Traffic[Version]:
    """Return the traffic with candidate and shadow, as far as they are loaded; as it was where production moves on."""
    wanted = traffic(events)
    if wanted is None or loaded.get(key_of(wanted.current)) is not before.current:
        return before
    candidate = None if wanted.candidate is None else loaded.get(key_of(wanted.candidate))
    shadow = None if wanted.shadow is None else loaded.get(key_of(wanted.shadow))
    now = Traffic(before.current, candidate, 0.0 if candidate is None else wanted.share, shadow, wanted.salt)
    tell(before, now)
    return now


def still_wanted(events: list[Event], pointer: Event) -> set[Key]:
    """Return the versions that production, a rollback or a publisher needs."""
    waiting = [event for event in releases.open_announcements(events) if event.sequence > pointer.sequence]
    return {key_of(event) for event in releases.history(events)[-_KEPT:] + waiting + beside(events)}


def awaited(events: list[Event], pointer: Event | None) -> list[Event]:
    """Return the announcements that a worker which has just started may still be waited for."""
    since, recent = pointer.sequence if pointer else 0, time.time() - _STALE
    return [one for one in releases.open_announcements(events) if one.sequence > since and one.time > recent]


def was_given_up(events: list[Event], announced: Event) -> bool:
    """Say whether the publisher of an announcement does not wait any more: others may."""
    later = (event for event in reversed(events) if event.sequence > announced.sequence)
    ended = (event for event in later if event.state == "failed" and event.worker is None)
    return any(releases.same(event, announced) for event in ended)


def answer(engine: Engine, announced: Event, failure: str | None, worker: str) -> None:
    """Tell the publisher of an announcement whether this worker could load it."""
    state: ReleaseState = "ready" if failure is None else "failed"
    reply = Entry(announced.version, announced.package_url, state, failure, worker)
    try:
        releases.append(engine, lambda _past: [reply])
    except SQLAlchemyError as error:
        logger.error("the journal does not take the outcome for version %s: %s", announced.version, error)
