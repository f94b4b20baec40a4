"""What a worker's follower tells of what it follows, and what it is still waited for."""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from schemas.thresholds import Thresholds
from serving.releases import events as releases
from serving.releases.events import Event
from serving.releases.loaded_version import Version
from serving.releases.thresholds import moved
from serving.releases.traffic import Traffic

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


def report(done: Future[None]) -> None:
    """Write into the log what went wrong with a task."""
    error = done.exception() if not done.cancelled() else None
    if error is not None:
        logger.error("a release could not be followed", exc_info=error)


def awaited(events: list[Event], pointer: Event | None) -> list[Event]:
    """Return the announcements that a worker which has just started may still be waited for."""
    since, recent = pointer.sequence if pointer else 0, time.time() - _STALE
    return [one for one in releases.open_announcements(events) if one.sequence > since and one.time > recent]


def was_given_up(events: list[Event], announced: Event) -> bool:
    """Say whether the publisher of an announcement does not wait any more: others may."""
    later = (event for event in reversed(events) if event.sequence > announced.sequence)
    ended = (event for event in later if event.state == "failed" and event.worker is None)
    return any(releases.same(event, announced) for event in ended)
