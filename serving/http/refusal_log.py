"""What was refused, in the service's log: who asked for what, and why not. A flood is counted, not written out."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable

from starlette.types import Scope

from ml.values.display import plain_line
from serving.keys.key import masked

logger = logging.getLogger("bentoml.drivetrain")
_LINES = 10  # a second
_SECOND = 1.0
_KINDS, _NAMED = 200, 5  # (client, status) told apart in a second, and of these named in one line
_PATH, _CLIENT = 120, 60  # characters
_OTHERS = "other clients"

Client = tuple[str, int] | None


class RefusalLog:
    """The first lines of each second; of what comes beyond them one line with counts, at the second's end.

    A line holds no value that a client sent but its path. Used from the event loop only.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends = float("-inf")
        self._lines = 0
        self._more: Counter[tuple[str, int]] = Counter()

    def add(self, client: Client, method: str, path: str, status: int, reason: str) -> None:
        """Write or count one refusal; client, method and path come from outside, `reason` is ours."""
        now = self._clock()
        if now >= self._ends:
            self.flush()
            self._ends, self._lines = now + _SECOND, 0
        if self._lines < _LINES:
            self._lines += 1
            asked = f"{plain_line(method, _CLIENT)} {plain_line(masked(path), _PATH)}"
            logger.warning("refused %s %s %d: %s", _address(client), asked, status, plain_line(reason))
            return
        if not self._more:
            asyncio.get_running_loop().call_later(self._ends - now, self.flush)
        kind = (_host(client), status)
        self._more[kind if kind in self._more or len(self._more) < _KINDS else (_OTHERS, status)] += 1

    def flush(self) -> None:
        """Write the counts of what was not written out."""
        if not self._more:
            return
        named = [f"{host} {status} × {count}" for (host, status), count in self._more.most_common(_NAMED)]
        left = "" if len(self._more) <= _NAMED else f", and {len(self._more) - _NAMED} other kinds"
        logger.warning("refused %d more in the same second: %s%s", self._more.total(), ", ".join(named), left)
        self._more.clear()


_LOG = RefusalLog()  # one for each worker, as its log is


def refused(scope: Scope, status: int, reason: str) -> None:
    """Note a request that was answered with a status of 400 or more."""
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    _LOG.add(scope.get("client"), scope["method"], path.decode("latin-1"), status, reason)


def refused_early(client: Client, method: str, path: bytes, status: int, reason: str) -> None:
    """Note what was refused before it was a request."""
    _LOG.add(client, method, path[: _PATH * 2].decode("latin-1") or "-", status, reason)


def flush() -> None:
    """Write the counts that are still to be written: the service ends."""
    _LOG.flush()


def _address(client: Client) -> str:
    return "-" if client is None else f"{_host(client)}:{client[1]}"


def _host(client: Client) -> str:
    return "-" if client is None else plain_line(str(client[0]), _CLIENT)
