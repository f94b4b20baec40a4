"""The versions as `GET /releases`, `summary.json` and the operator's command name them."""

from collections.abc import Sequence

from sqlalchemy import Engine

from schemas.release import Release
from schemas.timestamps import iso
from serving.releases.events import Event, read
from serving.releases.thresholds import moved
from serving.releases.traffic import Traffic, traffic


def overview(events: Sequence[Event]) -> list[Release]:
    """Return every version once: that in production, candidates, shadows, the others from the newest to the oldest."""
    shared = traffic(events)
    beside = [] if shared is None else _beside(shared)
    named = {release.version for release in beside}
    latest: dict[str, Event] = {}
    for event in events:
        if event.worker is None:  # what a worker replies to a publisher is not what became of the version
            latest.pop(event.version, None)
            latest[event.version] = event
    others = [event for event in reversed(latest.values()) if event.version not in named]
    pointer = shared.current if shared is not None else None
    found = beside + [
        Release(version=e.version, weight=0.0, since=iso(e.time), why=_why_not(e, pointer)) for e in others
    ]
    known, urls = moved(events), {event.version: event.package_url for event in events}
    return [one.model_copy(update={"thresholds": known.get((one.version, urls[one.version]))}) for one in found]


def overview_in(engine: Engine) -> list[Release]:
    """Return the same of a journal."""
    with engine.connect() as connection:
        return overview(read(connection))


def _beside(shared: Traffic[Event]) -> list[Release]:
    answering = [(shared.current, 1.0 - shared.share)]
    if shared.candidate is not None:
        answering.append((shared.candidate, shared.share))
    found = [
        Release(version=one.version, weight=round(share, 6), since=iso(one.time), why=one.why)
        for one, share in answering
    ]
    if shared.shadow is not None:
        one = shared.shadow
        found.append(Release(version=one.version, weight=0.0, shadow=True, since=iso(one.time), why=one.why))
    return found


def _why_not(event: Event, pointer: Event | None) -> str:
    if event.state == "current" and pointer is not None:
        return f"replaced by {pointer.version}"
    if event.state in ("candidate", "shadow") and pointer is not None:
        return f"it lapsed as {pointer.version} came into production"
    return f"{event.state}: {event.why}" if event.why else event.state
