"""Rows of an address of the web: one POST for all keys of a request, or one GET a key."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from ml.values.canonical import canonical
from schemas.lookups import KEY, require_key_behind_host
from serving.lookups.source import Found, Key, KeyRefused, Source, Unavailable

_LARGEST = 8 << 20  # bytes of an answer
_UNKNOWN = 404
_OF_KEYS_SENT = (400, 413, 422)
"""What a POST is answered for the keys that it holds; others are those of the address, or of its source."""
_OF_ANY_KEY = (401, 403, 405, 406, 407, 408, 415, 421, 426, 429)
"""What a GET is answered whichever key the address has; others from 400 to 499 are for the key."""
_STEPS = (".", "..")  # which an address takes for steps to another folder, and so no key
_FORM = 'it must answer {"rows": [{key: …, column: value, …}, …]}'


class Web(Source):
    """An address that answers JSON. Redirects are not followed, and proxies of the environment not used.

    A POST sends `{"keys": [key, …]}` and is answered `{"rows": [{key column: key, column: value, …}, …]}`. A GET of an
    address with `{key}` is answered `{column: value, …}`, or with 404 where the key is unknown.

    Args:
        url: With `{key}`, in its path or query, or without.
        headers: Of each request.
        key: The member of an answered row that holds its key.
        columns: What else is read of it.
        connections: That are open at once, at most.

    Raises:
        ValueError: If the address, or a header, is none.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], key: str, columns: Sequence[str], connections: int
    ) -> None:
        self._url, self._key, self._columns = url, key, list(columns)
        require_key_behind_host(url)
        if KEY in url:
            self.at_once = 1
        try:
            if not httpx.URL(url.replace(KEY, "1")).host:
                raise ValueError("url is no address: it names no host")
        except httpx.InvalidURL as error:
            raise ValueError(f"url is no address: {error}") from None
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.Client(
            headers={**headers, "accept": "application/json"},
            limits=limits,
            follow_redirects=False,
            trust_env=False,
        )

    def fetch(self, keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        """Return the rows of keys. Raises Unavailable, and KeyRefused for those that the address does not take."""
        ends = time.monotonic() + seconds
        try:
            if KEY not in self._url:
                return self._together(keys, ends)
            row = self._one(keys[0], ends)
        except (httpx.HTTPError, UnicodeError) as error:
            raise Unavailable(type(error).__name__) from None  # its words hold the address
        return {} if row is None else {canonical(keys[0]): row}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _together(self, keys: Sequence[Key], ends: float) -> dict[str, Found]:
        _, content = self._asked("POST", self._url, ends, {"keys": list(keys)})
        rows = content.get("rows") if isinstance(content, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and self._key in row for row in rows):
            raise Unavailable(_FORM)
        return {canonical(row[self._key]): self._read(row) for row in rows if isinstance(row[self._key], str | int)}

    def _one(self, key: Key, ends: float) -> Found | None:
        if key in _STEPS:
            raise KeyRefused("a key is a step to another folder")
        status, content = self._asked("GET", self._url.replace(KEY, quote(str(key), safe="")), ends)
        if status == _UNKNOWN:
            return None
        if not isinstance(content, dict):
            raise Unavailable("it must answer {column: value, …}")
        return self._read(content)

    def _asked(self, method: str, url: str, ends: float, content: Any = None) -> tuple[int, Any]:
        """Return status and JSON of an answer, of 404 no JSON. Raises Unavailable, KeyRefused, httpx.HTTPError."""
        left = ends - time.monotonic()
        if left <= 0:
            raise Unavailable("it took too long")
        with self._client.stream(method, url, json=content, timeout=left) as answer:
            if answer.status_code == _UNKNOWN and content is None:
                return _UNKNOWN, None
            if _is_for_keys(answer.status_code, is_post=content is not None):
                raise KeyRefused(f"it answers {answer.status_code}")
            if answer.status_code != 200:
                raise Unavailable(f"it answers {answer.status_code}")
            return answer.status_code, _strict(_body(answer, ends))

    def _read(self, row: Mapping[str, Any]) -> Found:
        return {name: row.get(name) for name in self._columns}


def _is_for_keys(status: int, *, is_post: bool) -> bool:
    if is_post:
        return status in _OF_KEYS_SENT
    return 400 <= status < 500 and status not in _OF_ANY_KEY


def _body(answer: httpx.Response, ends: float) -> bytes:
    found = bytearray()
    for part in answer.iter_bytes():
        found += part
        if len(found) > _LARGEST:
            raise Unavailable(f"its answer has more than {_LARGEST:,} bytes")
        if time.monotonic() > ends:
            raise Unavailable("it took too long")
    return bytes(found)


def _strict(text: bytes) -> Any:
    """Return JSON without NaN and without a key that stands twice. Raises Unavailable."""
    try:
        return json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unavailable("its answer is not JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(token: str) -> Any:
    raise ValueError(token)
