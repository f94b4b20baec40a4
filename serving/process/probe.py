"""Asking a running service, and reading its log."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from serving.journal.integrity import DAMAGED

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business on the loopback


def get(url: str, seconds: float = 5.0) -> tuple[int, str]:
    """Return status and text of a GET to one of our services, (0, why) when it does not answer."""
    try:
        with _DIRECT.open(url, timeout=seconds) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def damage_told(url: str) -> str | None:
    """Return the sentence of a service that says that its journal is damaged, None when it does not say so."""
    status, text = get(f"{url}/readyz")
    return str(json.loads(text)["error"]["message"]) if status == 503 and DAMAGED in text else None


def until_ready(url: str, seconds: float, version: str | None = None) -> tuple[int, str]:
    """Ask `/readyz` until it is 200, of `version` unless that is None, or the time is over; return the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        status, text = get(f"{url}/readyz")
        is_ready = status == 200 and version in (None, json.loads(text)["version"])
        if is_ready or time.monotonic() > deadline:
            return (status if is_ready or status != 200 else 0), text
        time.sleep(0.02)


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
