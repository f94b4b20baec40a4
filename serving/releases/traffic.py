"""Which version answers a request: the one in production, or a candidate for a share of them; and who follows unseen.

Derived from the stream of releases, as the version in production is. Candidates and shadows stand beside one version in
production: when another one takes its place, they lapse.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from serving.releases.events import Event, current

BESIDE = ("candidate", "shadow", "withdrawn")
"""States of versions that stand beside the one in production, or stand there no more."""
_BYTES = 8
_ALL = float(256**_BYTES)


class Named(Protocol):
    """Something of one version."""

    @property
    def version(self) -> str:
        """The version."""


One = TypeVar("One", bound=Named)


@dataclass(frozen=True)
class Traffic(Generic[One]):
    """Who answers.

    Attributes:
        current: What is in production; it answers what no candidate does.
        candidates: The others that answer, each with its share of the requests, above 0; together below 1.
        shadows: Those whose answers are only journalled.
        salt: Of the hash of keys: another one for each version in production, so that not the same customers meet
            every candidate.
    """

    current: One
    candidates: tuple[tuple[One, float], ...] = ()
    shadows: tuple[One, ...] = ()
    salt: str = ""

    def route(self, key: str) -> One:
        """Return who answers a request with this key: always the same for the same key and the same shares.

        A share that grows keeps the keys that it had. Each candidate takes its keys from the beginning of the part that
        the ones before it leave.
        """
        if not self.candidates:
            return self.current
        place, end = place_of(f"{self.salt}/{key}"), 0.0
        for one, share in self.candidates:
            end += share
            if place < end:
                return one
        return self.current

    @property
    def rest(self) -> float:
        """The share of what is in production."""
        return 1.0 - sum(share for _, share in self.candidates)


def place_of(key: str) -> float:
    """Return where a key is, from 0 to below 1, as evenly as SHA-256 spreads them."""
    first = hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:_BYTES]
    return int.from_bytes(first, "big") / _ALL


def traffic(events: Iterable[Event]) -> Traffic[Event] | None:
    """Return who answers, None before there is a version in production."""
    known = list(events)
    pointer = current(known)
    if pointer is None:
        return None
    beside: list[Event] = []
    for event in known:
        if event.sequence > pointer.sequence and event.state in BESIDE:
            place = next((place for place, one in enumerate(beside) if one.version == event.version), len(beside))
            beside[place : place + 1] = [] if event.state == "withdrawn" else [event]
    return Traffic(
        pointer,
        tuple((event, event.weight) for event in beside if event.state == "candidate"),
        tuple(event for event in beside if event.state == "shadow"),
        str(pointer.sequence),
    )
