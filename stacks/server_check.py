"""A ZenML server, looked at before ZenML opens it: what is wrong with it is told in one sentence, and at once."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from schemas.errors import StorageError

_SECONDS = 10.0
_LARGEST = 1_000_000


def check_server(url: str) -> None:
    """Refuse a server that does not answer, is none of ZenML's, or is of another version.

    Raises:
        StorageError: With what it is, and what to do.
    """
    where = _plain(url)
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/api/v1/info", timeout=_SECONDS) as answer:
            found = json.loads(answer.read(_LARGEST))
    except urllib.error.HTTPError as error:
        raise StorageError(f"{where} is no ZenML server: it answers {error.code}", _WHICH) from error
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError):  # not JSON
            raise StorageError(f"{where} is no ZenML server: it answers something else", _WHICH) from error
        reason = getattr(error, "reason", error)
        raise StorageError(f"The ZenML server {where} does not answer: {reason}", f"start it, or {_WHICH}") from error
    _require_version(where, found)


_WHICH = "say where it is: ZENML_STORE_URL, or zenml login"


def _require_version(where: str, found: Any) -> None:
    there = found.get("version") if isinstance(found, dict) else None
    here = version("zenml")
    if not isinstance(there, str):
        raise StorageError(f"{where} is no ZenML server: it does not say its version", _WHICH)
    if there.split(".")[:2] != here.split(".")[:2]:
        what = f"The ZenML server {where} is of version {there}, and this is {here}"
        raise StorageError(what, f"update the server, or the older of the two: {here} is what is locked here")


@contextmanager
def refusals_told(url: str) -> Iterator[None]:
    """Say in one sentence that a server does not let this command in.

    Raises:
        StorageError: Instead of ZenML's own errors.
    """
    from zenml.exceptions import AuthorizationException

    try:
        yield
    except AuthorizationException as error:  # a key that expired, or is none
        what = f"The ZenML server {_plain(url)} does not let this command in: {str(error).splitlines()[0][:300]}"
        raise StorageError(what, "ZENML_STORE_API_KEY of a service account, or zenml login") from error


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
