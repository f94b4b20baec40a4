"""The versions as `GET /releases`, `summary.json` and the operator's command name them."""

from collections.abc import Sequence

from schemas.release import Release
from schemas.timestamps import iso
from serving.releases.events import Event
from serving.releases.traffic import Traffic, traffic


def overview(events: Sequence[Event]) -> list[Release]:
    """Return every version once: that in production, candidates, shadows, the others from the newest to the oldest."""
    shared = traffic(events)
    beside = [] if shared is None else _beside(shared)
    named = {release.version for release in beside}
    latest: dict[str, Event] = {}
    for event in events:
        latest.pop(event.version, None)
        latest[event.version] = event
    others = [event for event in reversed(latest.values()) if event.version not in named]
    pointer = shared.current if shared is not None else None
    return beside + [
        Release(version=e.version, weight=0.0, since=iso(e.time), why=_why_not(e, pointer)) for e in others
    ]


def _beside(shared: Traffic[Event]) -> list[Release]:
    pointer = shared.current
    answering = [(pointer, round(shared.rest, 6)), *shared.candidates]
    return [
        *(Release(version=one.version, weight=share, since=iso(one.time), why=one.why) for one, share in answering),
        *(
            Release(version=one.version, weight=0.0, shadow=True, since=iso(one.time), why=one.why)
            for one in shared.shadows
        ),
    ]


def _why_not(event: Event, pointer: Event | None) -> str:
    if event.state == "current" and pointer is not None:
        return f"replaced by {pointer.version}"
    if event.state in ("candidate", "shadow") and pointer is not None:
        return f"it lapsed as {pointer.version} came into production"
    return f"{event.state}: {event.why}" if event.why else event.state
