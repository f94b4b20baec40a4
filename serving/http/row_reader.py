"""The rows of a request to a model that takes arrays, found one by one: never are all of them there as objects.

A list of numbers takes eight times the memory as Python's objects that it takes as text. So a row's bytes are found
first, by its braces, and that row alone is parsed, before the next one is looked for.
"""

import json
import math
import re
from collections.abc import Generator, Iterator
from typing import Any

from pydantic_core import from_json

from schemas.column_types import Shape
from schemas.signature import Signature
from serving.http.body import parse, unknown_keys, without_doubles
from serving.http.errors import HttpError
from serving.http.instances import EXPLAIN, explain_of

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_STRING_OR_KEY = re.compile(rb'"(?:[^"\\]++|\\.)*+"(?:[ \t\r\n]*+(:))?', re.DOTALL)
_IN_OBJECT = re.compile(rb'[{}"]')
_IN_VALUE = re.compile(rb'[{}\[\]",]')
_FREE_AXIS = 1_000  # lists along an axis that has no length of its own, at most
_MARGIN = 2  # times as many lists as rows without fault have
_SPARE = 1_000
_FLAG = 16  # bytes that true or false may be written with
_FORM = 'the body must be of the form {"instances": [{column: value, …}, …]}'
_NO_LIST = '"instances" must be a list of rows, each an object of columns and values'
_INSTANCES = "instances"
_SMALL = 65_536


class OversizedRow:
    """A row of more lists, numbers or keys than its inputs have: as objects it would take many times its text."""


class RowReader:
    """What finds and parses the rows of requests to one version.

    Args:
        signature: Its inputs.
    """

    def __init__(self, signature: Signature) -> None:
        shapes = [one.shape for one in signature.inputs if one.shape is not None]
        self._most_lists = _SPARE + _MARGIN * sum(map(_lists, shapes))
        self._most_keys = _SPARE + _MARGIN * (len(signature.inputs) + len(signature.ignored))
        self._most_values: float = self._most_keys + _MARGIN * sum(map(_numbers, shapes))

    def rows(self, body: bytes, most: int, said: dict[str, bool]) -> Iterator[Any]:
        """Yield the rows of a request, at most `most`; what it says beside them (`explain`) is put into `said`.

        NaN and infinity are let through: the check of the row that they are in refuses them, by the name of the input.

        Raises:
            HttpError: As `serving.http.instances.instances` does, also after the first rows.
        """
        count, others = 0, []
        for key, start, end in _members(body):
            if key is not None:
                others.append(key)
                if key == EXPLAIN:
                    said[EXPLAIN] = explain_of(parse(body[start : min(end, start + _FLAG)]))
                continue
            count += 1
            if count > most:
                text = f"more than {most:,} rows, which a request may have (deploy.max_rows): send several"
                raise HttpError(413, text)
            yield self._row(body[start:end])
        if len(set(others)) < len(others):
            raise HttpError(400, "the body is not JSON: a key stands twice in one object")
        if [key for key in others if key != EXPLAIN] != [_INSTANCES]:
            wrong = unknown_keys(dict.fromkeys(others), [_INSTANCES, EXPLAIN]) or f'the key "{_INSTANCES}" is missing'
            raise HttpError(400, f"{_FORM}; {wrong}", reason=_FORM)
        if not count:
            raise HttpError(422, '"instances" is empty: there is no row to predict')

    def _row(self, text: bytes) -> Any:
        keys, commas, lists, objects = _marks(text)
        most_values = self._most_values if text[:1] == b"{" else _SPARE  # no other row has inputs
        if lists > self._most_lists or objects > _SPARE or keys > self._most_keys or commas > most_values:
            return OversizedRow()
        try:
            row = from_json(text)
        except ValueError:
            return _strict(text)
        return row if type(row) is dict and len(row) == keys else _strict(text)


def _marks(text: bytes) -> tuple[int, int, int, int]:
    """Return how many keys, commas, lists and objects a row has, those within strings left out; in one pass."""
    keys, commas, lists, objects = 0, text.count(b","), text.count(b"["), text.count(b"{")
    for found in _STRING_OR_KEY.finditer(text):
        start, end = found.span()
        keys += found.group(1) is not None
        commas -= text.count(b",", start, end)
        lists -= text.count(b"[", start, end)
        objects -= text.count(b"{", start, end)
    return keys, commas, lists, objects


def _strict(text: bytes) -> Any:
    """Parse what the fast parser does not take, or takes where we do not: a key that stands twice. Raises HttpError."""
    try:
        return _LENIENT.decode(text.decode())
    except (ValueError, RecursionError):
        parse(text)  # says what is wrong with it
        raise


def _lists(shape: Shape) -> int:
    """Return how many lists an array of a shape is written with, at most."""
    total = count = 1
    for length in shape[:-1]:
        count *= length or _FREE_AXIS
        total += count
    return total


def _numbers(shape: Shape) -> float:
    """Return how many numbers an array of a shape has, without end where an axis is as long as it comes."""
    return math.inf if None in shape else math.prod(length or 1 for length in shape)


def _members(body: bytes) -> Iterator[tuple[str | None, int, int]]:
    """Yield the keys of a body with where their value lies, and before `instances` each row with None for a key.

    Raises:
        HttpError: For what is no object, or has no list of instances.
    """
    if not body.strip():
        raise HttpError(400, "the body is empty")
    place, mark = _after(body, 0, b"{"), b","
    while mark == b",":
        name = _STRING.match(body, place)
        if name is None:
            raise _malformed(body)
        key, place = str(parse(name.group())), _after(body, name.end(), b":")
        if key == _INSTANCES:
            end = yield from _elements(body, place)
        else:
            end = _end(body, place)
        yield key, place, end
        place = _skip(body, end)
        mark, place = body[place : place + 1], _skip(body, place + 1)
    if mark != b"}" or place != len(body):
        raise _malformed(body)


def _elements(body: bytes, place: int) -> Generator[tuple[None, int, int], None, int]:
    """Yield where each element of a list begins and ends; return where the list does."""
    place = _after(body, place, b"[", HttpError(400, _NO_LIST))
    if body[place : place + 1] == b"]":
        return place + 1
    mark = b","
    while mark == b",":
        end = _end(body, place)
        if place == end:
            raise _malformed(body)
        yield None, place, end
        place = _skip(body, end)
        mark, place = body[place : place + 1], _skip(body, place + 1)
    if mark != b"]":
        raise _malformed(body)
    return place


def _end(body: bytes, place: int) -> int:
    """Return where the value ends that begins at `place`."""
    if body[place : place + 1] == b"{":
        return _object_end(body, place)
    depth = 0
    while (found := _IN_VALUE.search(body, place)) is not None:
        mark = found.group()
        if mark == b'"':
            place = _string_end(body, found.start())
            continue
        if depth == 0 and mark in b",]}":
            return found.start()
        depth += 1 if mark in b"[{" else -1 if mark in b"]}" else 0
        place = found.end()
    raise _malformed(body)


def _object_end(body: bytes, place: int) -> int:
    """Return where an object ends: of what stands in it only braces and strings are looked at."""
    depth = 0
    while (found := _IN_OBJECT.search(body, place)) is not None:
        mark = found.group()
        if mark == b'"':
            place = _string_end(body, found.start())
            continue
        depth += 1 if mark == b"{" else -1
        place = found.end()
        if depth == 0:
            return place
    raise _malformed(body)


def _string_end(body: bytes, place: int) -> int:
    found = _STRING.match(body, place)
    if found is None:
        raise _malformed(body)
    return found.end()


def _after(body: bytes, place: int, mark: bytes, otherwise: HttpError | None = None) -> int:
    place = _skip(body, place)
    if body[place : place + 1] != mark:
        raise otherwise or _malformed(body)
    return _skip(body, place + 1)


def _skip(body: bytes, place: int) -> int:
    found = _SPACE.match(body, place)
    return place if found is None else found.end()


def _malformed(body: bytes) -> HttpError:
    """Return what is wrong with a body whose form is not that of a request."""
    if len(body) <= _SMALL:
        parse(body)  # raises what it says of a body that is no JSON
    return HttpError(400, _FORM, reason=_FORM)


_LENIENT = json.JSONDecoder(object_pairs_hook=without_doubles)
