"""From pydantic's errors to faults that a person can act on."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cli.config.schema_paths import bounds_at, keys_at
from schemas.errors import Fault, did_you_mean

_KINDS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "string": "text", "list": "a list",
    "dict": "a mapping of keys to values", "model": "a mapping of keys to values", "none": "null", "tuple": "a list",
}  # fmt: skip
_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_AT_ITSELF = {"missing", "extra_forbidden"}


def check(
    model: type[BaseModel], data: Mapping[str, Any], also: Sequence[str] = ()
) -> tuple[BaseModel | None, list[Fault]]:
    """Validate plain data strictly, as JSON would be.

    Args:
        model: What the data must be.
        data: Plain JSON values.
        also: Keys that are allowed beside the model's own, for suggestions.

    Returns:
        The model, or None with every fault; fault paths start at the data.
    """
    try:
        return model.model_validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        return None, _faults(model, data, error, also)


def _faults(
    model: type[BaseModel], data: Mapping[str, Any], error: ValidationError, also: Sequence[str]
) -> list[Fault]:
    by_place: dict[tuple[str | int, ...], list[ErrorDetails]] = defaultdict(list)
    for detail in error.errors(include_url=False, include_context=True):
        by_place[_place(data, detail)].append(detail)
    # What may be text or a mapping, and is a mapping with a fault inside, is not reported as being no text.
    around = {place[:depth] for place in by_place for depth in range(1, len(place))}
    return [
        _fault(model, place, details, also)
        for place, details in by_place.items()
        if place not in around or not all(map(_is_of_another_form, details))
    ]


def _is_of_another_form(detail: ErrorDetails) -> bool:
    """Say whether an error only says that a value is not text, say, or none of some words, but a mapping."""
    is_no_word = detail["type"] == "literal_error" and isinstance(detail["input"], Mapping | list)
    return is_no_word or detail["type"].endswith("_type")


def _place(data: Any, detail: ErrorDetails) -> tuple[str | int, ...]:
    """Return where in the data an error is; pydantic's own path also names the members of unions."""
    if detail["type"] in _AT_ITSELF:
        *parents, last = detail["loc"]
        return (*_walk(data, parents), last)
    return _walk(data, detail["loc"])


def _walk(data: Any, parts: Sequence[str | int]) -> tuple[str | int, ...]:
    path: list[str | int] = []
    for part in parts:
        inside = (
            part in data
            if isinstance(data, Mapping)
            else isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if not inside or (path and part == "[key]"):
            continue
        data = data[part]
        path.append(part)
    return tuple(path)


def _fault(
    model: type[BaseModel], place: tuple[str | int, ...], details: list[ErrorDetails], also: Sequence[str]
) -> Fault:
    path, first = dotted(place), details[0]
    kind = first["type"]
    if kind == "missing":
        return Fault(path, "must be given", f"{path}=… or in the experiment's file")
    if kind == "extra_forbidden":
        known = sorted({*keys_at(model, place[:-1]), *(also if len(place) == 1 else ())})
        hint = f"keys here: {', '.join(known)}" if known else "there are no keys here"
        return Fault(path, f"is not a known key.{did_you_mean(str(place[-1]), known)}", hint)
    if kind in _RANGE:
        return Fault(path, f"{shown(first['input'])} is out of range; it must be {bounds_at(model, place)}")
    if kind == "value_error":
        return Fault(path, first["msg"].removeprefix("Value error, "))
    allowed = _allowed(details)
    if allowed:
        text = " or ".join(dict.fromkeys(allowed))
        suggestion = (
            did_you_mean(first["input"], text.replace("'", "").split(" or ")) if isinstance(first["input"], str) else ""
        )
        return Fault(path, f"{shown(first['input'])} is not {text}.{suggestion}".rstrip("."))
    return Fault(path, f"{shown(first['input'])}: {first['msg']}")


def _allowed(details: Sequence[ErrorDetails]) -> list[str]:
    words = []
    for detail in details:
        family = detail["type"].removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float")
        if detail["type"] == "literal_error":
            words.append(str(detail["ctx"]["expected"]).replace(", ", " or "))
        elif detail["type"] == "none_required":
            words.append("null")
        elif detail["type"] == "string_pattern_mismatch":
            words.append(f"of the form {detail['ctx']['pattern']}")
        elif family in _KINDS:
            words.append(_KINDS[family])
    return words


def dotted(place: Sequence[str | int]) -> str:
    """Return `data.columns[0]` for (data, columns, 0)."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def shown(value: Any) -> str:
    """Return a value as it could stand in YAML, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
