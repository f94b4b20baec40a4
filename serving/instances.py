"""The rows of a predict request: JSON read strictly."""

import json
from typing import Any

from serving.http_error import HttpError


def instances(body: bytes) -> list[Any]:
    """Return the rows of a predict request.

    Raises:
        HttpError: 400 when it is not strict JSON (no NaN or Infinity, no key twice) or not of the shape
            {"instances": [row, …]}; 422 when there is no row.
    """
    content = _parse(body)
    if not isinstance(content, dict):
        raise HttpError(400, 'the body must be a JSON object of the form {"instances": [{column: value, …}, …]}')
    if list(content) != ["instances"]:
        extra = sorted(set(content) - {"instances"})
        wrong = f"it has the unknown keys {extra[:5]}" if extra else 'the key "instances" is missing'
        raise HttpError(400, f'the body must be of the form {{"instances": [{{column: value, …}}, …]}}; {wrong}')
    rows = content["instances"]
    if not isinstance(rows, list):
        raise HttpError(400, '"instances" must be a list of rows, each an object of columns and values')
    if not rows:
        raise HttpError(422, '"instances" is empty: there is no row to answer')
    return rows


def _parse(body: bytes) -> Any:
    if not body.strip():
        raise HttpError(400, "the body is empty")
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise HttpError(400, f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise HttpError(400, "the body is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise HttpError(
            400, f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except ValueError as error:
        raise HttpError(400, f"the body is not JSON: {error}") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:100]!r} stands twice in one object")
    return content


def _no_constant(token: str) -> Any:
    raise ValueError(f"{token} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_doubles, parse_constant=_no_constant)
