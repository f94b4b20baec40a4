"""Which version answers a request: the one in production, or a candidate for a share of them; and who follows unseen.

Derived from the stream of releases, as the version in production is. A candidate and a shadow stand beside one version
in production: when another one takes its place, they lapse.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from serving.releases.events import Event, current

BESIDE = ("candidate", "shadow", "withdrawn")
"""States of versions that stand beside the one in production, or stand there no more."""
_BYTES = 8
_ALL = float(256**_BYTES)

One = TypeVar("One")


@dataclass(frozen=True)
class Traffic(Generic[One]):
    """Who answers.

    Attributes:
        current: What is in production; it answers what the candidate does not.
        candidate: What answers a share of the requests, if anything does.
        share: That share, above 0 and below 1; 0 without a candidate.
        shadow: That whose answers are only journalled, if there is one.
        salt: Of the hash of keys: another one for each candidate, so that not the same customers meet every one; the
            same while its share changes.
    """

    current: One
    candidate: One | None = None
    share: float = 0.0
    shadow: One | None = None
    salt: str = ""

    def route(self, key: str) -> One:
        """Return who answers a request with this key: always the same for the same key and share.

        A share that grows keeps the keys that it had.
        """
        if self.candidate is not None and place_of(f"{self.salt}/{key}") < self.share:
            return self.candidate
        return self.current

    @property
    def beside(self) -> list[One]:
        """The versions beside the one in production."""
        return [one for one in (self.candidate, self.shadow) if one is not None]


def place_of(key: str) -> float:
    """Return where a key is, from 0 to 1, as evenly as SHA-256 spreads them."""
    first = hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:_BYTES]
    return int.from_bytes(first, "big") / _ALL


def traffic(events: Iterable[Event]) -> Traffic[Event] | None:
    """Return who answers, None before there is a version in production."""
    known = list(events)
    pointer = current(known)
    if pointer is None:
        return None
    roles: dict[str, Event] = {}
    since = 0  # when the candidate became one
    for event in known:
        if event.sequence > pointer.sequence and event.state in BESIDE:
            before = roles.get("candidate")
            if event.state == "candidate" and (before is None or before.version != event.version):
                since = event.sequence
            roles = {state: one for state, one in roles.items() if one.version != event.version}
            if event.state != "withdrawn":
                roles[event.state] = event  # the latest of its kind
    candidate = roles.get("candidate")
    share = 0.0 if candidate is None else candidate.weight
    return Traffic(pointer, candidate, share, roles.get("shadow"), str(since))


def beside(events: Iterable[Event]) -> list[Event]:
    """Return what stands beside the version in production."""
    shared = traffic(events)
    return [] if shared is None else shared.beside
