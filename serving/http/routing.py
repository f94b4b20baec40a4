"""Which version answers a request, and whether chance decided it: such a request is evidence about the versions."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from serving.journal.insertion import RoutedKey
from serving.journal.writer import Journal
from serving.releases.loaded_version import Version
from serving.releases.traffic import Traffic

_MOST = 100_000  # keys of this worker's that are remembered
Headers = Iterable[tuple[bytes, bytes]]


class Chosen(NamedTuple):
    """Who answers a request.

    `share` is that of the candidate where chance decided between two versions, so that what follows says something of
    them, and `other` is the version that it decided against. `shadow` follows unseen.
    """

    version: Version
    share: float | None = None
    other: Version | None = None
    shadow: Version | None = None

    @property
    def compared(self) -> Version | None:
        """The version that the one that answers is compared with."""
        return self.other or self.shadow


class Routing:
    """Routes requests between production and a candidate by their ids, or by the value of a header.

    Of a header's value, which always meets the same version, the first request alone is evidence; the others show that
    the candidate answers its share. Which one was first in any worker stands in the journal; this one remembers the
    values that it met, so that few are written twice.

    Args:
        journal: Where the first request of each value is noted.
        route_by: The header's name; None: each request by itself.
    """

    def __init__(self, journal: Journal, route_by: str | None) -> None:
        self._journal, self._header = journal, (route_by or "").lower().encode()
        self._salt, self._met = "", set[str]()

    def route(self, traffic: Traffic[Version], headers: Headers, request_id: str) -> tuple[Version, float | None]:
        """Return who answers, and the candidate's share where there is one, None else."""
        if traffic.candidate is None:
            return traffic.current, None
        if not self._header:
            return traffic.route(request_id), traffic.share
        key = self._value(headers) or request_id
        self._note(f"{traffic.salt}/{key}", request_id, traffic)
        return traffic.route(key), traffic.share

    def _note(self, salted: str, request_id: str, traffic: Traffic[Version]) -> None:
        if traffic.salt != self._salt or len(self._met) >= _MOST:
            self._salt, self._met = traffic.salt, set()
        key = hashlib.sha256(salted.encode(errors="surrogatepass")).hexdigest()[:32]
        if key not in self._met:
            self._met.add(key)
            self._journal.note(RoutedKey(key, request_id))

    def _value(self, headers: Headers) -> str:
        for name, value in headers:
            if name == self._header:
                return value.decode("latin-1")
        return ""
