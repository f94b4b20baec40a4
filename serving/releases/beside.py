"""The operator's side of versions that stand beside the one in production."""

from collections.abc import Sequence

from schemas.errors import DeploymentError, did_you_mean
from schemas.release import Release
from serving.journal.opened import opened
from serving.releases import events as stream
from serving.releases.announcing import announce, require_pointer
from serving.releases.events import Entry, Event
from serving.releases.overview import overview_in
from serving.releases.traffic import traffic

LEAST_SHARE, MOST_SHARE = 0.0001, 0.99
"""Of the requests that a candidate may answer: what is in production answers some, too."""


def place_beside(
    journal_url: str,
    version: str,
    package_url: str,
    *,
    share: float | None,
    why: str | None = None,
    timeout: float = 120.0,
) -> list[Release]:
    """Let a version answer a share of the requests beside the one in production, or follow it unseen.

    What has this role before is withdrawn.

    Args:
        journal_url: The model's journal.
        version: The version; one that is there already gets another share.
        package_url: Where its package is.
        share: Of the requests, from `LEAST_SHARE` to `MOST_SHARE`; None: it is a shadow.
        why: What the releases say of it.
        timeout: Seconds until every worker must have loaded it.

    Returns:
        All versions, the current one first.

    Raises:
        DeploymentError: If there is none in production or it is this one, the share is none, another version came
            into production meanwhile, or a worker could not load it.
    """
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            pointer = stream.current(stream.read(connection))
        placed = Entry(version, package_url, "shadow" if share is None else "candidate", why, weight=share or 0.0)

        def then(past: Sequence[Event], announced: Event) -> list[Entry]:
            require_pointer(past, announced, pointer)
            return _placed(past, placed)

        with engine.connect() as connection:
            _placed(stream.read(connection), placed)  # what cannot be is said before anything is loaded
        announce(engine, Entry(version, package_url, "announced"), timeout, then)
        return overview_in(engine)


def withdraw(journal_url: str, version: str, why: str | None = None) -> list[Release]:
    """End the share of a candidate, or a shadow, and return all versions.

    Raises:
        DeploymentError: If the version is neither.
    """
    with opened(journal_url) as engine:
        stream.append(engine, lambda past: [_withdrawn(past, version, why)])
        return overview_in(engine)


def package_of(journal_url: str, version: str) -> str:
    """Return where the package of a version is that was announced before. Raises DeploymentError."""
    with opened(journal_url) as engine, engine.connect() as connection:
        known = {event.version: event.package_url for event in stream.read(connection)}
    if version not in known:
        have = f"It knows {', '.join(known)}" if known else "It knows none"
        raise DeploymentError(f"The journal knows no version {version!r}.{did_you_mean(version, list(known))} {have}")
    return known[version]


def _placed(past: Sequence[Event], placed: Entry) -> list[Entry]:
    """Return the entries that put a version beside the one in production, in the place of what has its role.

    Raises:
        DeploymentError: If it may not be there.
    """
    shared = traffic(past)
    if shared is None:
        raise DeploymentError(f"Version {placed.version} has nothing to stand beside: no version is in production")
    if shared.current.version == placed.version:
        raise DeploymentError(f"Version {placed.version} is in production; it cannot stand beside itself")
    if placed.state == "candidate" and not LEAST_SHARE <= placed.weight <= MOST_SHARE:
        bounds = f"{LEAST_SHARE:g} to {MOST_SHARE:g}"
        raise DeploymentError(f"The share of a candidate must be {bounds} of the requests, not {placed.weight:g}")
    before = shared.candidate if placed.state == "candidate" else shared.shadow
    if before is None or before.version == placed.version:
        return [placed]
    return [Entry(before.version, before.package_url, "withdrawn", f"replaced by {placed.version}"), placed]


def _withdrawn(past: Sequence[Event], version: str, why: str | None) -> Entry:
    shared = traffic(past)
    beside = [] if shared is None else shared.beside
    found = next((one for one in beside if one.version == version), None)
    if found is None:
        have = f"that is {' and '.join(one.version for one in beside)}" if beside else "there is none"
        raise DeploymentError(f"Version {version} is neither a candidate nor a shadow; {have}")
    return Entry(found.version, found.package_url, "withdrawn", why)
