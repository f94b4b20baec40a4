"""The rows of a predict request."""

from typing import Any

from serving.http.body import parse
from serving.http.errors import HttpError


def instances(body: bytes, most: int) -> list[Any]:
    """Return the rows of a predict request.

    Raises:
        HttpError: 400 when it is not strict JSON (no NaN or Infinity, no key twice) or not of the shape
            {"instances": [row, …]}; 413 when there are more than `most` rows, 422 when there is none.
    """
    content = parse(body)
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
        raise HttpError(422, '"instances" is empty: there is no row to predict')
    if len(rows) > most:
        raise HttpError(413, f"{len(rows):,} rows; a request may have {most:,} (deploy.max_rows): send several")
    return rows
