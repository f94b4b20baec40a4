"""Who may ask: the key that a request shows, looked up before anything else of it is read."""

import logging
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from starlette.types import Scope

from schemas.errors import DeploymentError
from serving.http.errors import HttpError
from serving.keys import store
from serving.keys.key import Key, digest

logger = logging.getLogger("bentoml.drivetrain")
LOOK_SECONDS = 0.25
"""Between two looks at the file: so long at most is a revoked key still good."""

_SCHEME = b"bearer "
_CLOSE = (b"connection", b"close")  # what is still to come of a body is not received
_NOWHERE = ("", None)
_MISSING = "this service asks for a key; send it as Authorization: Bearer KEY, or as X-API-Key: KEY"
_WRONG = "the key is unknown, revoked or expired"
Headers = list[tuple[bytes, bytes]]
Signature = tuple[int, int, int, int]


class Authentication:
    """The keys of a service, read again when their file changes.

    Args:
        path: The file of the keys; None: there can be none.
        is_open: Whether other machines need none either, where there is no key.
    """

    def __init__(self, path: Path | None, *, is_open: bool) -> None:
        self._path, self._is_open = path, is_open
        self._keys: dict[str, Key] = {}
        self._needed = False
        self._reached = _Reached()
        self._seen: Signature | None = None
        self._trouble = ""
        self._due = 0.0 if path is not None else float("inf")

    def is_needed(self, scope: Scope) -> bool:
        """Say whether a request needs a key; to be asked for each of them.

        Where no key was ever made that depends on the address at which it arrived: whatever a service listens at, who
        comes by another one than the loopback may be on another machine.
        """
        if time.monotonic() >= self._due:
            self._look()
        return self._needed or not (self._is_open or self._reached[(scope.get("server") or _NOWHERE)[0]])

    def check(self, headers: Headers) -> None:
        """Raise HttpError, 401, unless a good key is among a request's headers."""
        shown = [key for name, value in headers if (key := _key(name, value))]
        if not shown:
            raise _refusal(_MISSING, "it shows no key", b"Bearer")
        now, why = datetime.now(UTC), "an unknown key"
        for one in shown:
            found = self._keys.get(digest(one))
            if found is None:
                continue
            state = found.state(now)
            if state == "valid":
                return
            why = f"the {state} key {found.name!r}"
        raise _refusal(_WRONG, f"it shows {why}", b'Bearer error="invalid_token"')

    def _look(self) -> None:
        """Read the file where it is another one than before."""
        assert self._path is not None, "nothing is ever due without one"
        self._due = time.monotonic() + LOOK_SECONDS
        try:
            found = self._path.stat()
            signature = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
            if signature == self._seen:
                return
            keys = store.read(self._path)
        except FileNotFoundError:
            if self._needed or store.are_needed(self._path):
                self._refuse_all(f"The file of keys {self._path} is gone")
        except OSError as error:
            self._refuse_all(f"The file of keys {self._path} cannot be looked at: {error.strerror}")
        except DeploymentError as error:
            self._refuse_all(str(error))
        else:
            self._keys, self._needed = {one.sha256: one for one in keys}, bool(keys)
            self._seen, self._trouble = signature, ""

    def _refuse_all(self, why: str) -> None:
        """Take no key any more: which of those known before are revoked meanwhile, nobody knows."""
        if why != self._trouble:
            logger.error("%s; no request is answered until it can be read", why)
        self._keys, self._needed, self._seen, self._trouble = {}, True, None, why


class _Reached(dict[str, bool]):
    """Whether an address of ours is reached from this machine alone; a path is, of a socket that is a file."""

    def __missing__(self, host: str) -> bool:
        try:
            address = ip_address(host.partition("%")[0])
            found = (getattr(address, "ipv4_mapped", None) or address).is_loopback
        except ValueError:
            found = True
        self[host] = found
        return found


def _key(name: bytes, value: bytes) -> bytes:
    """Return the key that a header shows, empty where it shows none."""
    if name == b"authorization" and value[: len(_SCHEME)].lower() == _SCHEME:
        return value[len(_SCHEME) :].strip()
    return value.strip() if name == b"x-api-key" else b""


def _refusal(message: str, reason: str, challenge: bytes) -> HttpError:
    return HttpError(401, message, headers=((b"www-authenticate", challenge), _CLOSE), reason=reason)
