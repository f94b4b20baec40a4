"""The rows of a predict request."""

import re
from itertools import islice
from typing import Any

from pydantic_core import from_json

from serving.http.body import parse, unknown_keys
from serving.http.errors import HttpError, RefusedByAll
from serving.http.marks import count_of

_SMALL = 65_536  # bytes of a body that cannot hold much, whatever it is
_MARGIN = 2  # times as many values as rows without fault have
_MARKS = (b"{", b"[", b":", b",")  # one at least stands before each value
_STRING_OR_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{\[:,]', re.DOTALL)
_QUOTE = ord('"')
EXPLAIN = "explain"
"""The key beside the rows that asks what moved their predictions."""


def instances(body: bytes, most: int, columns: int) -> tuple[list[Any], bool]:
    """Return the rows of a predict request to a model that takes so many `columns`, and whether to explain them.

    Raises:
        RefusedByAll: 400 when it is not strict JSON (no NaN or Infinity, no key twice) or not of the shape
            {"instances": [row, …]}, with "explain": true or false beside it or not; 413 when there are more than
            `most` rows, 422 when there is none.
        HttpError: 413 when there are values beyond measure.
    """
    if len(body) > _SMALL:
        check_structure(body, most, columns)
    content = _plain(body) or parse(body)
    if not isinstance(content, dict):
        raise RefusedByAll(400, 'the body must be a JSON object of the form {"instances": [{column: value, …}, …]}')
    explain = explain_of(content.pop(EXPLAIN, False))
    if list(content) != ["instances"]:
        wrong = unknown_keys(content, ["instances"]) or 'the key "instances" is missing'
        form = '{"instances": [{column: value, …}, …]}'
        raise RefusedByAll(
            400, f"the body must be of the form {form}; {wrong}", reason=f"the body must be of the form {form}"
        )
    rows = content["instances"]
    if not isinstance(rows, list):
        raise RefusedByAll(400, '"instances" must be a list of rows, each an object of columns and values')
    if not rows:
        raise RefusedByAll(422, '"instances" is empty: there is no row to predict')
    if len(rows) > most:
        raise RefusedByAll(413, f"{len(rows):,} rows; a request may have {most:,} (deploy.max_rows): send several")
    return rows, explain


def _plain(body: bytes) -> Any:
    """Return what a body of flat rows holds, None where it may be that it is no strict JSON.

    Every key stands before a colon: where there are as many colons as keys, and colons in values, were read, no key
    stands twice.
    """
    try:
        content = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return None
    rows = content.get("instances") if type(content) is dict else None
    if type(rows) is not list or set(map(type, rows)) != {dict}:
        return None
    keys, colons = len(content) + sum(map(len, rows)), count_of(body, b":")
    if keys == colons or (b"\\" not in body and keys + _colons(rows) == colons):
        return content
    return None


def _colons(rows: list[dict[str, Any]]) -> int:
    """Return how many colons stand in values; as they are in the body, where nothing there is escaped."""
    return sum(value.count(":") for row in rows for value in row.values() if type(value) is str)


def explain_of(value: Any) -> bool:
    """Return whether predictions are to be explained. Raises RefusedByAll for what is neither true nor false."""
    if not isinstance(value, bool):
        raise RefusedByAll(400, f'"{EXPLAIN}" must be true or false')
    return value


def check_structure(body: bytes, most: int, columns: int) -> None:
    """Refuse what is small as text and would be large as objects, before it is any."""
    bound = _MARGIN * most * (2 * columns + 2) + _SMALL
    if len(body) <= bound or sum(map(body.count, _MARKS)) <= bound:
        return
    marks = (1 for found in _STRING_OR_MARK.finditer(body) if body[found.start()] != _QUOTE)
    if sum(islice(marks, bound + 1)) > bound:
        text = f"it has more values than {most:,} rows of {columns} columns, which a request may have (deploy.max_rows)"
        raise HttpError(413, f"{text}: send several")
